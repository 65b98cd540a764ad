import { parseModelConfig, type Signature } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import {
  candidateLabel,
  capturePlan,
  keepAnswersShare,
  type MirroredRollout,
  mirrorPlan,
} from './mirror-plan.ts'

const SIGNATURE: Signature = {
  inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 4] }],
  outputs: [
    { name: 'label', dtype: 'int64', shape: ['N'] },
    { name: 'odds', dtype: 'float32', shape: ['N', 3] },
  ],
}

const ROLLOUT: MirroredRollout = {
  ...{ id: 'r', seriesId: 's', traceparent: null },
  ...{ state: 'progressing', step: 'shadow', pauseReason: null, weightIndex: null },
  ...{ baseline: 1, candidate: 2 },
}

function planOf(rollout: Partial<MirroredRollout>, config = 'rollout: {canary: [5, 25], bake: 10m}') {
  const row = { ...ROLLOUT, ...rollout }
  return mirrorPlan(row, { signature: SIGNATURE, suggested: null }, parseModelConfig(config))
}

describe('where evidence is collected', () => {
  it.each<[string, Partial<MirroredRollout>, [string, number] | null]>([
    ['not while it is loaded', { step: 'preparing' }, null],
    ['in shadow, which answers nobody', {}, ['shadow', 0]],
    ['at the first weight', { step: 'canary', weightIndex: 0 }, ['canary-5', 0.05]],
    ['at the second weight', { step: 'canary', weightIndex: 1 }, ['canary-25', 0.25]],
    ['while it is promoted, as before', { step: 'promoting' }, ['shadow', 0]],
    ['while it is promoted, at the last weight', { step: 'promoting', weightIndex: 1 }, ['canary-25', 0.25]],
    ['in bake, with the roles as they were', { step: 'bake', weightIndex: 1 }, ['bake', 1]],
    ['while people approve', { state: 'paused', step: 'approval', pauseReason: 'approval' }, ['shadow', 0]],
    ['under a hold', { state: 'paused', step: 'approval', pauseReason: 'held' }, ['shadow', 0]],
    [
      'in a freeze window',
      { state: 'paused', step: 'promoting', pauseReason: 'frozen', weightIndex: 0 },
      ['canary-5', 0.05],
    ],
    ['while nodes lag', { state: 'paused', step: 'promoting', pauseReason: 'nodesLagging' }, ['shadow', 0]],
    ['not when it was inconclusive', { state: 'paused', pauseReason: 'inconclusive' }, null],
    ['not without data', { state: 'paused', pauseReason: 'noData' }, null],
    [
      'not while a person paused it, also in canary',
      { state: 'paused', step: 'canary', pauseReason: 'byUser', weightIndex: 0 },
      null,
    ],
    ['not at a weight that the policy lost a moment ago', { step: 'canary', weightIndex: 7 }, null],
  ])('%s', (_, rollout, expected) => {
    const plan = planOf(rollout)
    expect(plan && [plan.step, plan.candidateShare]).toEqual(expected)
    expect(plan?.baseline ?? 1).toBe(1)
  })
})

describe('what nodes are asked to do', () => {
  it('is the least without a word of the policy', () => {
    expect(planOf({}, '')).toMatchObject({
      ...{ sample: 1, latency: null, segmentHeader: null },
      ...{ keepAnswers: false, replay: false, storeInputs: false },
    })
    const config = parseModelConfig('')
    expect(capturePlan(config)).toBeNull()
    expect(keepAnswersShare(config)).toBe(0)
  })

  it('is what gates, segments and privacy say', () => {
    const text = `
rollout:
  shadow: {sample: 0.5, require: [live, replay]}
  gates: {latency: {overMs: 50, sample: 0.2}, quality: {output: label}}
  segments: {header: x-tenant}
privacy: {storeInputs: true, capture: {share: 0.1, maxAge: 1h, redact: [x]}}
`
    expect(planOf({}, text)).toMatchObject({
      ...{ sample: 0.5, latency: { share: 0.2, overMs: 50 }, segmentHeader: 'x-tenant' },
      ...{ keepAnswers: true, replay: true, storeInputs: true },
    })
    const config = parseModelConfig(text)
    expect(capturePlan(config)).toEqual({
      ...{ share: 0.1, maxRequests: 2_000, maxBytes: 64 * 1024 * 1024, maxAgeMs: 3_600_000, redact: ['x'] },
    })
    expect(keepAnswersShare(config)).toBe(0.1)
  })

  it('replays in shadow only: later the candidate answers clients', () => {
    const text = 'rollout: {canary: [5]}\nprivacy: {capture: {}}'
    expect(planOf({}, text)?.replay).toBe(true)
    expect(planOf({ step: 'canary', weightIndex: 0 }, text)?.replay).toBe(false)
  })

  it('compares as validation suggested where the policy does not say', () => {
    const suggested = { odds: { compare: { kind: 'argmax' }, gate: true } } as const
    const plan = mirrorPlan(ROLLOUT, { signature: SIGNATURE, suggested }, parseModelConfig(''))
    expect(plan?.compare).toEqual({
      label: { compare: { kind: 'equal' }, gate: true },
      odds: { compare: { kind: 'argmax' }, gate: true },
    })
  })

  it('labels the candidate by what it does, and not in bake, where it is live', () => {
    const labelOf = (rollout: Partial<MirroredRollout>) => {
      const plan = planOf(rollout)
      return plan && candidateLabel(plan)
    }
    expect(labelOf({})).toEqual({ shadow: 2 })
    expect(labelOf({ step: 'canary', weightIndex: 0 })).toEqual({ canary: 2 })
    expect(labelOf({ step: 'bake' })).toEqual({})
  })
})
