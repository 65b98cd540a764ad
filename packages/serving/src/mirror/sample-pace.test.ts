import { TestClock } from '@understudy/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { SamplePace } from './sample-pace.ts'

describe('SamplePace', () => {
  let clock: TestClock
  let perSecond: number
  let pace: SamplePace

  beforeEach(() => {
    clock = new TestClock()
    perSecond = 100
    pace = new SamplePace(clock, () => perSecond)
  })

  /** Begins runs while it may; answers how many. */
  function begin(): number {
    let runs = 0
    for (; pace.allowance >= 1; runs += 1) pace.began()
    return runs
  }

  it('allows a burst after a pause, then so many runs a second', async () => {
    expect(begin()).toBe(50)
    await clock.advance(200)
    expect(begin()).toBe(20)
    await clock.advance(60_000)
    expect(begin()).toBe(50)
  })

  it('allows less while others are mirrored too', async () => {
    begin()
    perSecond = 10
    await clock.advance(1_000)
    expect(begin()).toBe(10)
  })

  it.each([
    [1, 100],
    [4, 50],
    [10, 20],
    [5_000, 10],
  ])('counts runs that take %d ms as what they cost: %d of them in a second', async (tookMs, expected) => {
    begin()
    let runs = 0
    for (let passedMs = 0; passedMs < 10_000; passedMs += 10) {
      await clock.advance(10)
      if (pace.allowance < 1) continue
      pace.began()
      pace.ended(tookMs)
      runs += 1
    }
    expect(Math.abs(runs - 10 * expected)).toBeLessThan(15)
  })
})
