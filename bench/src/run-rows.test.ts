import { expect, it } from 'vitest'
import type { Row } from './row.ts'
import { limitMsOf, RowRunner } from './run-rows.ts'
import { StallWatch } from './stall-watch.ts'

it('gives a row more time for more rounds, and no less for fewer', () => {
  expect([1, 5, 10, 100].map((rounds) => limitMsOf({}, rounds))).toEqual([90_000, 90_000, 180_000, 1_800_000])
  expect(limitMsOf({ limitMs: 150_000 }, 20)).toBe(600_000)
})

it('says why a row that is not done in time has no figure, and ends what it has started', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  const runner = new RowRunner({
    ...{ project: '.', rounds: 5, profile: undefined },
    say: () => undefined,
    onFindings: () => undefined,
  })
  const row: Row = {
    ids: ['13'],
    limitMs: 20,
    run: async (bench) => {
      await bench.own(new StallWatch())
      return await new Promise<never>(() => undefined)
    },
  }
  expect(await runner.run([row])).toEqual([
    { id: '13', samples: [], reason: 'it was not done within 0.02 s' },
  ])
  expect(timers()).toBe(before)
})
