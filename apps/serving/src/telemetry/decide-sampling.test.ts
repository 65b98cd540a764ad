import { PlatformError } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { decideSampling, type SamplingFacts, SLOW_MS } from './decide-sampling.ts'
import { TraceAllowance } from './trace-allowance.ts'

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331'
const sampled = `${TRACE}-01`
const unsampled = `${TRACE}-00`
const ours = new PlatformError('serving.executor_lost', 'x')
const theirs = new PlatformError('serving.model_not_found', 'x')

type Case = readonly [name: string, facts: Partial<SamplingFacts>, reason: ReturnType<typeof decideSampling>]

const cases: readonly Case[] = [
  ['a request like any other', {}, null],
  ['a caller who samples', { traceparent: sampled }, 'caller'],
  ['a caller who samples, and failed', { traceparent: sampled, error: ours }, 'caller'],
  ['a caller who does not sample', { traceparent: unsampled }, null],
  ['an error of ours', { error: ours }, 'error'],
  ['an error of ours against the decision of its caller', { error: ours, traceparent: unsampled }, 'error'],
  ['an error of the caller', { error: theirs }, null],
  ['a slow request', { tookMs: SLOW_MS }, 'slow'],
  ['a slow request against the decision of its caller', { tookMs: SLOW_MS, traceparent: unsampled }, 'slow'],
  ['a slow one of a refused input', { tookMs: SLOW_MS, error: theirs }, 'slow'],
  ['a trace context that is none', { traceparent: 'what' }, null],
]

function decide(facts: Partial<SamplingFacts>, chance: number, extra: boolean) {
  return decideSampling(
    { tookMs: 1, ...facts },
    { ratio: 0.01, random: () => chance, takeExtra: () => extra },
  )
}

describe('decideSampling', () => {
  it.each(cases)('%s', (_, facts, reason) => {
    expect(decide(facts, 0.5, true)).toBe(reason)
  })

  it('traces its share of requests whose caller decided nothing, refused ones included', () => {
    expect(decide({}, 0.009, true)).toBe('chance')
    expect(decide({ error: theirs }, 0.009, true)).toBe('chance')
    expect(decide({ traceparent: unsampled }, 0.009, true)).toBeNull()
  })

  it('traces only that share of failed and slow ones when extra traces are used up', () => {
    expect(decide({ error: ours }, 0.5, false)).toBeNull()
    expect(decide({ error: ours }, 0.009, false)).toBe('chance')
    expect(decide({ tookMs: SLOW_MS, traceparent: unsampled }, 0, false)).toBeNull()
    expect(decide({ error: ours, traceparent: sampled }, 0.5, false)).toBe('caller')
  })
})

describe('TraceAllowance', () => {
  const takenAt = (allowance: TraceAllowance, nowMs: number) => {
    let taken = 0
    while (allowance.take(nowMs)) taken += 1
    return taken
  }

  it('gives so many a second and saves up no more', () => {
    const allowance = new TraceAllowance(10)
    expect([0, 100, 600, 60_000].map((nowMs) => takenAt(allowance, nowMs))).toEqual([10, 1, 5, 10])
  })

  it('gives nothing for a clock that goes back', () => {
    const allowance = new TraceAllowance(10)
    takenAt(allowance, 5_000)
    expect([0, 5_000].map((nowMs) => takenAt(allowance, nowMs))).toEqual([0, 0])
  })
})
