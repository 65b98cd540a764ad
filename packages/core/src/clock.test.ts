import { describe, expect, it } from 'vitest'
import { systemClock } from './clock.ts'

describe('systemClock', () => {
  it('ends a sleep at once when its signal aborts, before or during it, and never rejects', async () => {
    const before = systemClock.monotonicMs()
    await systemClock.sleep(600_000, AbortSignal.abort())
    const stop = new AbortController()
    const sleep = systemClock.sleep(600_000, stop.signal)
    stop.abort()
    await expect(sleep).resolves.toBeUndefined()
    expect(systemClock.monotonicMs() - before).toBeLessThan(60_000)
  })

  it('does not end a sleep before its time', async () => {
    const before = systemClock.monotonicMs()
    await systemClock.sleep(5)
    // Timers may fire a fraction of a millisecond early.
    expect(systemClock.monotonicMs() - before).toBeGreaterThan(4)
  })
})
