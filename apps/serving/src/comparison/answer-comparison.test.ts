import type { NamedTensors, Tensor } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { answerComparison } from './answer-comparison.ts'

const one: Tensor = { dtype: 'float32', shape: [1], data: new Float32Array([1]) }
const taskOf = (requestId: string, outputs: NamedTensors = new Map([['y', one]])) => ({
  unitRow: 0,
  pair: { requestId, rows: 1, inputs: new Map(), baseline: { outputs }, candidate: { outputs } },
})

class BrokenTensors extends Map<string, Tensor> {
  override [Symbol.iterator](): never {
    throw new Error('broken frame')
  }
}

describe('answerComparison', () => {
  it('loses one pair that cannot be compared, not its run, and says why', () => {
    const tasks = [taskOf('broken', new BrokenTensors()), taskOf('good')]
    const reply = answerComparison({ id: 7, run: { plan: { compare: {}, outputs: [] }, tasks } })
    expect(reply.id).toBe(7)
    expect(reply.failure).toBe('broken frame')
    expect(reply.comparisons.map(({ requestId }) => requestId)).toEqual(['good'])
  })
})
