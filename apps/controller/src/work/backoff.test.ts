import { describe, expect, it } from 'vitest'
import { retryDelayMs } from './backoff.ts'

describe('retryDelayMs', () => {
  it('doubles the pause with every failure up to five minutes', () => {
    expect([0, 1, 2, 3, 30].map((attempts) => retryDelayMs('backoff', attempts, 0.5))).toEqual([
      500, 1_000, 2_000, 4_000, 300_000,
    ])
  })

  it('spreads retries by a fifth to each side', () => {
    expect(retryDelayMs('backoff', 1, 0)).toBe(800)
    expect(retryDelayMs('backoff', 1, 0.999)).toBe(1_200)
  })

  it('waits as long as the error says when it says so', () => {
    expect(retryDelayMs({ afterMs: 1_234 }, 9, 0.5)).toBe(1_234)
  })

  it('does not retry what only a change can help', () => {
    expect(retryDelayMs('never', 0, 0.5)).toBeNull()
    expect(retryDelayMs('afterChange', 0, 0.5)).toBeNull()
  })
})
