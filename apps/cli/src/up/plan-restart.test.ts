import { describe, expect, it } from 'vitest'
import { planRestart } from './plan-restart.ts'

describe('planRestart', () => {
  it.each([
    ['restarts soon after the first crash', { everReady: true, ranMs: 5_000, failures: 0 }, 500, 1],
    ['waits longer after each crash in a row', { everReady: true, ranMs: 5_000, failures: 3 }, 4_000, 4],
    [
      'never waits longer than 30 s, and never gives up what has worked',
      { everReady: true, ranMs: 0, failures: 500 },
      30_000,
      501,
    ],
    [
      'forgets earlier crashes after a stable minute',
      { everReady: true, ranMs: 60_000, failures: 9 },
      500,
      1,
    ],
    ['tries again what has not worked yet', { everReady: false, ranMs: 100, failures: 3 }, 4_000, 4],
  ])('%s', (_, ending, delayMs, failures) => {
    expect(planRestart(ending)).toEqual({ kind: 'restart', delayMs, failures })
  })

  it('gives up what failed five times without ever being ready', () => {
    expect(planRestart({ everReady: false, ranMs: 100, failures: 4 })).toEqual({ kind: 'giveUp' })
  })
})
