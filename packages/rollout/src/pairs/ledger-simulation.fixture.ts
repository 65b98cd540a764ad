import { FAILED_PROPERTY } from '../analysis/analysis-plan.ts'
import type { PairComparison } from '../comparators/compare-pair.ts'
import { logE } from '../evidence/log-e.ts'
import { LOG_20, LOG_100 } from '../evidence/simulation.fixture.ts'
import { PairLedger, type RunSlot, type SettledRun } from './pair-ledger.ts'

const MARGIN = 0.01

/** Three seconds of pairs, one a millisecond, of which 3 % time out after 1 s: whether each order of counting passes the candidate. */
export function lateTimeouts(random: () => number, run: number) {
  const ledger = newLedger(`run-${run}`)
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
    passes.byAdmission ||= logE(errorsOf(ledger), MARGIN, 'safe') >= LOG_20
    passes.byCompletion ||= logE(completed, MARGIN, 'safe') >= LOG_20
  }
  return passes
}

/** A candidate that fails 0.3 % of requests, in batches: what one request drawn per run says of it, and what whole runs say. */
export function batchedErrors(random: () => number, options: { run: number; batches: number; rows: number }) {
  const ledger = newLedger(`run-${options.run}`)
  const perRun = { nPlus: 0, nZero: 0, nMinus: 0 }
  for (let batch = 0; batch < options.batches; batch++) {
    const ids = Array.from({ length: options.rows }, (_, index) => `r${batch}-${index}`)
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
  return {
    units: errors.nPlus + errors.nZero,
    passed: logE(errors, MARGIN, 'safe') >= LOG_20,
    failed: logE(errors, MARGIN, 'harm') >= LOG_100,
    failedPerRun: logE(perRun, MARGIN, 'harm') >= LOG_100,
  }
}

function answer(requestId: string, candidateFailed: boolean): PairComparison {
  const side = { outputs: [] }
  const none = { outputs: [], breach: null, shownRow: 0, baseline: side, candidate: side }
  return { requestId, rows: 1, baselineFailed: false, candidateFailed, ...none }
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
