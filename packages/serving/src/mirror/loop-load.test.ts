import { TestClock, waitFor } from '@understudy/testing'
import { expect, it } from 'vitest'
import { LoopLoad } from './loop-load.ts'

it('tells how much of the time the loop was busy, looked at a few times a second', async () => {
  const clock = new TestClock()
  const load = new LoopLoad(clock)
  expect(load.busyShare).toBe(0)
  const untilMs = performance.now() + 20
  while (performance.now() < untilMs);
  await clock.advance(249)
  expect(load.busyShare).toBe(0)
  await clock.advance(1)
  await waitFor('a busy loop', async () => {
    await clock.advance(250)
    return load.busyShare > 0 || undefined
  })
  expect(load.busyShare).toBeLessThanOrEqual(1)
})
