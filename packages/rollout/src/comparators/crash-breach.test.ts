import { describe, expect, it } from 'vitest'
import type { ComparableAnswer } from './comparable-answer.ts'
import { comparePair } from './compare-pair.ts'
import { findCrashBreach } from './crash-breach.ts'

const ANSWER: ComparableAnswer = { outputs: new Map() }
const failed = (errorCode: string, confirmed = false): ComparableAnswer =>
  confirmed ? { errorCode, confirmed: true } : { errorCode }

describe('findCrashBreach', () => {
  it.each<readonly [string, ComparableAnswer, ComparableAnswer, boolean]>([
    ['a repeated crash that the baseline survives', ANSWER, failed('onnx.run_crashed', true), true],
    ['a crash that did not come again', ANSWER, failed('onnx.run_crashed'), false],
    ['a crash of both', failed('onnx.run_crashed', true), failed('onnx.run_crashed', true), false],
    ['a repeated hang', ANSWER, failed('serving.run_timeout', true), false],
    ['an error without harm', ANSWER, failed('onnx.run_failed'), false],
    ['a crash of the baseline', failed('onnx.run_crashed', true), ANSWER, false],
    ['two answers', ANSWER, ANSWER, false],
  ])('judges %s', (_what, baseline, candidate, breach) => {
    expect(findCrashBreach(baseline, candidate) !== null).toBe(breach)
  })

  it('is the breach of the pair', () => {
    const pair = {
      ...{ requestId: 'r', rows: 1, inputs: new Map() },
      ...{ baseline: ANSWER, candidate: failed('onnx.run_crashed', true) },
    }
    expect(comparePair(pair, { compare: {}, outputs: [] }, 0)).toMatchObject({
      candidateFailed: true,
      breach: {
        kind: 'crash',
        detail: 'an input ends its process each time it runs; the baseline answers it',
      },
    })
  })
})
