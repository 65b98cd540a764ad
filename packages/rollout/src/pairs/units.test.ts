import { describe, expect, it } from 'vitest'
import { FAILED_PROPERTY } from '../analysis/analysis-plan.ts'
import type { PairComparison } from '../comparators/compare-pair.ts'
import { logE } from '../evidence/log-e.ts'
import { seededRandom } from '../evidence/seeded-random.fixture.ts'
import { PairLedger, type RunSlot, type SettledRun } from './pair-ledger.ts'

const SEED = 20_260_802
const MARGIN = 0.01
const LOG_SAFE = Math.log(20)
const LOG_HARM = Math.log(100)

function answer(requestId: string, candidateFailed: boolean): PairComparison {
  const side = { outputs: [] }
  return {
    requestId,
    rows: 1,
    baselineFailed: false,
    candidateFailed,
    outputs: [],
    breach: null,
    shownRow: 0,
    baseline: side,
    candidate: side,
  }
}

function runOf(...comparisons: PairComparison[]): SettledRun {
  return { comparisons, candidateRunMs: null }
}

function errorsOf(ledger: PairLedger) {
  const row = ledger.snapshot().counters.find((counters) => counters.property === FAILED_PROPERTY)
  return row ?? { nPlus: 0, nZero: 0, nMinus: 0 }
}

function newLedger(salt: string): PairLedger {
  return new PairLedger({ source: 'live', step: 'shadow', salt, examples: 0 })
}

/** Three seconds of pairs, one a millisecond, of which 3 % time out after 1 s: whether each order of counting passes. */
function passesWithLateTimeouts(random: () => number, salt: string) {
  const ledger = newLedger(salt)
  const completed = { nPlus: 0, nZero: 0, nMinus: 0 }
  const late: { readonly slot: RunSlot; readonly id: string; readonly atMs: number }[] = []
  const passes = { byAdmission: false, byCompletion: false }
  for (let now = 0; now < 3_000; now++) {
    const due = late[0]?.atMs === now ? late.shift() : undefined
    due?.slot.settle(runOf(answer(due.id, true)))
    if (due) completed.nPlus++
    const id = `r${now}`
    const slot = ledger.admitRun([{ requestId: id, segment: '' }], now)
    if (random() < 0.03) late.push({ slot, id, atMs: now + 1_000 })
    else {
      slot.settle(runOf(answer(id, false)))
      completed.nZero++
    }
    if (now % 50 !== 0) continue
    passes.byAdmission ||= logE(errorsOf(ledger), MARGIN, 'safe') >= LOG_SAFE
    passes.byCompletion ||= logE(completed, MARGIN, 'safe') >= LOG_SAFE
  }
  return passes
}

describe(`what counts as one unit, and when (seed ${SEED})`, () => {
  it('does not pass a candidate with 3 % timeouts of 1 s at 1,000 pairs/s; by order of completion every one would pass', () => {
    const random = seededRandom(SEED)
    const passes = Array.from({ length: 60 }, (_, run) => passesWithLateTimeouts(random, `run-${run}`))
    expect(passes.filter((pass) => pass.byAdmission)).toHaveLength(0)
    expect(passes.filter((pass) => pass.byCompletion)).toHaveLength(60)
  })

  it('passes a candidate 0.3 pp worse at batches of 8 inside a margin of 1 pp; counted per run it would fail', () => {
    const random = seededRandom(SEED)
    let [passed, failed, failedPerRun] = [0, 0, 0]
    for (let run = 0; run < 20; run++) {
      const ledger = newLedger(`run-${run}`)
      const perRun = { nPlus: 0, nZero: 0, nMinus: 0 }
      for (let batch = 0; batch < 3_000; batch++) {
        const ids = Array.from({ length: 8 }, (_, index) => `r${batch}-${index}`)
        const answers = ids.map((id) => answer(id, random() < 0.003))
        ledger
          .admitRun(
            ids.map((requestId) => ({ requestId, segment: '' })),
            0,
          )
          .settle(runOf(...answers))
        if (answers.some((one) => one.candidateFailed)) perRun.nPlus++
        else perRun.nZero++
      }
      const errors = errorsOf(ledger)
      expect(errors.nPlus + errors.nZero).toBe(3_000)
      if (logE(errors, MARGIN, 'safe') >= LOG_SAFE) passed++
      if (logE(errors, MARGIN, 'harm') >= LOG_HARM) failed++
      if (logE(perRun, MARGIN, 'harm') >= LOG_HARM) failedPerRun++
    }
    expect(passed).toBe(20)
    expect(failed).toBe(0)
    expect(failedPerRun).toBe(20)
  })
})
