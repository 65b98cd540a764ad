import { describe, expect, it } from 'vitest'
import { repeat } from '../evidence/simulation.fixture.ts'
import { batchedErrors, lateTimeouts } from './ledger-simulation.fixture.ts'

const SEED = 20_260_802

describe(`what counts as one unit, and when (seed ${SEED})`, () => {
  it('does not pass a candidate with 3 % timeouts of 1 s at 1,000 pairs/s; by order of completion every one would pass', () => {
    const passes = repeat(SEED, 15, (random, run) => lateTimeouts(random, run))
    expect(passes.filter((pass) => pass.byAdmission)).toHaveLength(0)
    expect(passes.filter((pass) => pass.byCompletion)).toHaveLength(15)
  })

  it('passes a candidate 0.3 pp worse at batches of 8 inside a margin of 1 pp; counted per run it would fail', () => {
    const results = repeat(SEED, 5, (random, run) => batchedErrors(random, { run, batches: 3_000, rows: 8 }))
    expect(results).toEqual(
      Array.from({ length: 5 }, () => ({ units: 3_000, passed: true, failed: false, failedPerRun: true })),
    )
  })
})
