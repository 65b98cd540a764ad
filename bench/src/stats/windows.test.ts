import { describe, expect, it } from 'vitest'
import type { OpenResult } from '../load/orders.ts'
import { describeFailures, failuresOf, latenciesIn, windowQuantile } from './windows.ts'

const RESULT: OpenResult = {
  scheduledAtMs: Float64Array.of(0, 10, 20, 30, 40),
  latencyMs: Float64Array.of(1, 2, 300, 4, 5),
  status: Int16Array.of(200, 200, 0, 503, 200),
  version: Int32Array.of(1, 1, 0, 0, 2),
}

describe('latenciesIn', () => {
  it('takes a request by the time it was scheduled for, not by the time of its answer', () => {
    expect(latenciesIn(RESULT, [{ fromMs: 10, toMs: 30 }])).toEqual([2, 300])
  })

  it('counts a request once, also when windows overlap', () => {
    const windows = [
      { fromMs: 0, toMs: 15 },
      { fromMs: 5, toMs: 15 },
      { fromMs: 40, toMs: 50 },
    ]
    expect(latenciesIn(RESULT, windows)).toEqual([1, 2, 5])
  })
})

describe('windowQuantile', () => {
  it('is a latency of the window', () => {
    expect(windowQuantile(RESULT, { fromMs: 0, toMs: 50 }, 0.99)).toBe(300)
    expect(windowQuantile(RESULT, { fromMs: 90, toMs: 99 }, 0.99)).toBeNaN()
  })
})

describe('failures', () => {
  it('are all that is no 200, by what came instead', () => {
    expect(failuresOf(RESULT)).toBe(2)
    expect(describeFailures(RESULT)).toBe('1 × no answer, 1 × 503')
  })
})
