import { describe, expect, it } from 'vitest'
import { repeat, type Stream, shareOf, tableOf, watchStream } from '../src/evidence/simulation.fixture.ts'
import { replay } from '../src/evidence/unit-simulation.fixture.ts'
import { batchedErrors, lateTimeouts } from '../src/pairs/ledger-simulation.fixture.ts'
import { note } from './figures.ts'

const SEED = 20_261_203
const NEVER = Number.POSITIVE_INFINITY
const AA: Stream = { plus: 0.02, minus: 0.02 }
const AT_MARGIN: Stream = { plus: 0.07, minus: 0.02 }

describe(`rows that share a run (seed ${SEED}, 1,000 runs)`, () => {
  it.each([8, 32])(
    'raise false alarms and false passes when %i of them count, and none when the run counts',
    (rows) => {
      const watch = { delta: 0.05, harmDelta: 0, pairs: 2_500, every: 10 }
      const many = (stream: Stream, times: number, options: object) =>
        tableOf(repeat(SEED, 1_000, (random) => watchStream(random, stream, { ...watch, times, ...options })))
      const alarms = (times: number) => many(AA, times, { logSafe: NEVER }).failed
      const passes = (times: number) => many(AT_MARGIN, times, { harmDelta: 0.05, logHarm: NEVER }).passed
      const found = {
        alarmsPerRow: alarms(rows),
        alarmsPerRun: alarms(1),
        passesPerRow: passes(rows),
        passesPerRun: passes(1),
      }
      note(`latency in batches of ${rows}`, found)
      expect(found.alarmsPerRow).toBeGreaterThan(0.4)
      expect(found.passesPerRow).toBeGreaterThan(0.3)
      expect(found.alarmsPerRun).toBeLessThanOrEqual(0.01)
      expect(found.passesPerRun).toBeLessThanOrEqual(0.05)
    },
  )

  it('let a candidate fail per run that is 0.3 pp worse inside a margin of 1 pp; one request drawn per run passes it', () => {
    const results = repeat(SEED, 200, (random, run) =>
      batchedErrors(random, { run, batches: 3_000, rows: 8 }),
    )
    const found = {
      passedPerRequest: shareOf(results.map(({ passed }) => passed)),
      failedPerRequest: shareOf(results.map(({ failed }) => failed)),
      failedPerRun: shareOf(results.map(({ failedPerRun }) => failedPerRun)),
    }
    note('0.3 pp worse at batches of 8', found)
    expect(found.passedPerRequest).toBeGreaterThan(0.98)
    expect(found.failedPerRequest).toBe(0)
    expect(found.failedPerRun).toBeGreaterThan(0.98)
  })
})

describe(`the order of counting (seed ${SEED}, 1,000 runs)`, () => {
  it('passes each candidate with 3 % timeouts at 1,000 pairs/s in order of completion, and none in order of admission', () => {
    const results = repeat(SEED, 1_000, (random, run) => lateTimeouts(random, run))
    const found = {
      byAdmission: shareOf(results.map(({ byAdmission }) => byAdmission)),
      byCompletion: shareOf(results.map(({ byCompletion }) => byCompletion)),
    }
    note('3 % timeouts of 1 s passed', found)
    expect(found).toEqual({ byAdmission: 0, byCompletion: 1 })
  })
})

describe(`replay at exactly the budget (seed ${SEED}, 1,000 runs)`, () => {
  const shares = (requests: number, cycles: number) => {
    const results = repeat(SEED, 1_000, (random) => replay(random, { requests, cycles, budget: 0.05 }))
    const found = {
      failed: shareOf(results.map(({ failed }) => failed)),
      passed: shareOf(results.map(({ passed }) => passed)),
    }
    note(`${requests} requests, each ${cycles} times`, found)
    return found
  }

  it('of 200 requests in cycles fails and passes every fifth', () => {
    const { failed, passed } = shares(200, 20)
    expect(failed).toBeGreaterThan(0.15)
    expect(passed).toBeGreaterThan(0.15)
  })

  it('of each request once keeps both promises', () => {
    const { failed, passed } = shares(4_000, 1)
    expect(failed).toBeLessThanOrEqual(0.01)
    expect(passed).toBeLessThanOrEqual(0.05)
  })
})
