import { TestClock } from '@understudy/testing'
import { describe, expect, it } from 'vitest'
import { DeadlineWatch } from './deadline-watch.ts'

function entry(deadlineAtMs: number, log: number[]) {
  return { deadlineAtMs, slot: -1, expire: () => log.push(deadlineAtMs) }
}

describe('DeadlineWatch', () => {
  it('expires entries in order of their deadlines, whatever the order of arrival', async () => {
    const clock = new TestClock(0)
    const watch = new DeadlineWatch(clock)
    const log: number[] = []
    for (const at of [50, 10, 30]) watch.add(entry(at, log))
    await clock.advance(10)
    expect(log).toEqual([10])
    await clock.advance(39)
    expect(log).toEqual([10, 30])
    await clock.advance(1)
    expect(log).toEqual([10, 30, 50])
    expect(watch.open()).toEqual([])
  })

  it('never expires what has been taken out, and works on after an empty time', async () => {
    const clock = new TestClock(0)
    const watch = new DeadlineWatch(clock)
    const log: number[] = []
    const gone = entry(10, log)
    watch.add(gone)
    watch.delete(gone)
    await clock.advance(20)
    watch.add(entry(25, log))
    await clock.advance(5)
    expect(log).toEqual([25])
  })

  it('expires nothing once closed', async () => {
    const clock = new TestClock(0)
    const watch = new DeadlineWatch(clock)
    const log: number[] = []
    watch.add(entry(10, log))
    watch.close()
    await clock.advance(20)
    expect(log).toEqual([])
  })
})
