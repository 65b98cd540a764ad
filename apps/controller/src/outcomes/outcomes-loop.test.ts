import { silentLogger } from '@understudy/telemetry'
import { TestClock } from '@understudy/testing'
import { afterEach, expect, it } from 'vitest'
import { OutcomesLoop } from './outcomes-loop.ts'

let loop: OutcomesLoop | undefined
afterEach(() => loop?.close())

async function start(old: number[] = [], failures: unknown[] = []) {
  const clock = new TestClock()
  const did = { requested: 0, forgot: 0 }
  loop = new OutcomesLoop({
    requestDue: async () => {
      did.requested += 1
      if (failures.length > 0) throw failures.shift()
    },
    forgetOld: async () => {
      did.forgot += 1
      return old.shift() ?? 0
    },
    ...{ clock, logger: silentLogger, intervalMs: 100, forgetIntervalMs: 1_000 },
  })
  loop.start()
  // Its first look is over.
  await new Promise((resolve) => setImmediate(resolve))
  return { clock, did }
}

it('asks for what is due again and again, and forgets what is old now and then', async () => {
  const { clock, did } = await start()
  for (let look = 0; look < 10; look++) await clock.advance(100)
  expect(did).toEqual({ requested: 11, forgot: 2 })
})

it('goes on forgetting while there is more', async () => {
  const { clock, did } = await start([10_000, 10_000, 7])
  for (let look = 0; look < 5; look++) await clock.advance(100)
  expect(did.forgot).toBe(4)
})

it('goes on after a failure, and forgets nothing the less', async () => {
  const { clock, did } = await start([], [new Error('away'), new Error('away')])
  await clock.advance(100)
  expect(did).toEqual({ requested: 2, forgot: 0 })
  await clock.advance(100)
  expect(did).toEqual({ requested: 3, forgot: 1 })
})

it('ends when it is told to', async () => {
  const { clock, did } = await start()
  await loop?.close()
  await clock.advance(10_000)
  expect(did.requested).toBe(1)
})
