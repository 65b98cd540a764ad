import { describe, expect, it } from 'vitest'
import { RunClock } from './run-clock.ts'

describe('RunClock', () => {
  function pair() {
    const main = new RunClock()
    return { main, watchdog: new RunClock(main.memory) }
  }

  it('tells the watchdog of work that takes longer than it may, counted from its first look', () => {
    const { main, watchdog } = pair()
    main.begin('run', 300)
    expect(watchdog.overdue(1_000)).toBeUndefined()
    expect(watchdog.overdue(1_299)).toBeUndefined()
    expect(watchdog.overdue(1_300)).toEqual({ work: 'run', limitMs: 300 })
  })

  it('never adds up the time of one run after the other', () => {
    const { main, watchdog } = pair()
    for (let nowMs = 0; nowMs < 5_000; nowMs += 25) {
      main.begin('run', 100)
      expect(watchdog.overdue(nowMs)).toBeUndefined()
      main.end()
    }
  })

  it('lets a process without work be, however long', () => {
    const { main, watchdog } = pair()
    expect(watchdog.overdue(0)).toBeUndefined()
    main.begin('load', 10)
    expect(watchdog.overdue(5)).toBeUndefined()
    main.end()
    expect(watchdog.overdue(10)).toBeUndefined()
    expect(watchdog.overdue(1_000_000)).toBeUndefined()
  })

  it('takes the end of a request that began no work for nothing', () => {
    const { main, watchdog } = pair()
    main.end()
    expect(watchdog.overdue(0)).toBeUndefined()
    expect(watchdog.overdue(1_000_000)).toBeUndefined()
    main.begin('run', 10)
    watchdog.overdue(1_000_000)
    expect(watchdog.overdue(1_000_010)).toEqual({ work: 'run', limitMs: 10 })
  })

  it('tells loads from runs', () => {
    const { main, watchdog } = pair()
    main.begin('load', 10)
    watchdog.overdue(0)
    expect(watchdog.overdue(10)).toEqual({ work: 'load', limitMs: 10 })
  })
})
