import { TestClock } from '@understudy/testing'
import { expect, it } from 'vitest'
import { Chores } from './chores.ts'

const warned: unknown[] = []
const logger = { warn: (details: unknown) => warned.push(details) } as never

async function turns(clock: TestClock, ms: number, times: number): Promise<void> {
  for (let turn = 0; turn < times; turn++) {
    await new Promise((resolve) => setImmediate(resolve))
    await clock.advance(ms)
  }
}

it('runs each chore at its own pace, one that fails as well, and tells of the failure once', async () => {
  const clock = new TestClock()
  const ran = { quick: 0, broken: 0 }
  const chores = new Chores({
    ...{ clock, logger },
    chores: [
      {
        ...{ name: 'quick', everyMs: 10 },
        run: async () => {
          ran.quick += 1
        },
      },
      {
        ...{ name: 'broken', everyMs: 50 },
        run: async () => {
          ran.broken += 1
          throw new Error('away')
        },
      },
    ],
  })
  chores.start()
  await turns(clock, 10, 10)
  await chores.close()
  expect(ran.quick).toBeGreaterThanOrEqual(10)
  expect(ran.broken).toBeGreaterThanOrEqual(2)
  expect(ran.broken).toBeLessThan(ran.quick)
  expect(warned).toHaveLength(1)
})
