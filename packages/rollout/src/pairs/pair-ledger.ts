import { FAILED_PROPERTY, OVER_PROPERTY } from '../analysis/analysis-plan.ts'
import type { PairLoss } from '../analysis/observed.ts'
import type { InvariantBreach, PairComparison } from '../comparators/compare-pair.ts'
import type { PropertyCounters } from '../evidence/counters.ts'
import { CounterTable } from './counter-table.ts'
import { drawRow, drawUniform, hashText } from './draw.ts'
import { OrderedSlots } from './ordered-slots.ts'
import { type PairExample, PairExamples } from './pair-examples.ts'
import { RecentIds } from './recent-ids.ts'
import { SegmentNames } from './segment-names.ts'

/**
 * The gate, shown and never deciding, of outputs that are compared with a threshold: rows that only the candidate puts at or above it
 * (`nPlus`), rows that only the baseline does (`nMinus`), and the rest.
 */
export const FLIPS_GATE = 'flips'

export interface PairLedgerOptions {
  readonly source: string
  readonly step: string
  /** Unknown to clients and new for each series and process: a client that chooses its request ids shall not choose what counts. */
  readonly salt: string
  /**
   * A run of the candidate longer than this is slow; null: slow runs are not counted.
   * @defaultValue null
   */
  readonly overMs?: number | null
  /**
   * Ids that count no more. Ledgers of one series share it (and their salt), so that a request counts once over all sources.
   * @defaultValue one of its own, for 200,000 ids
   */
  readonly seen?: RecentIds
  /**
   * Runs that may be open at once; one more counts as lost. Bounds memory when the oldest does not settle.
   * @defaultValue 10,000
   */
  readonly openRunsMax?: number
  /**
   * Values of the segment header that are counted apart; the rest count as `other`.
   * @defaultValue 20
   */
  readonly segmentsMax?: number
  /**
   * Pairs of each kind kept for display.
   * @defaultValue 200
   */
  readonly examples?: number
}

/** What is flushed: absolute values, so that a repeated flush changes nothing. */
export interface LedgerSnapshot {
  /** Grows whenever a value changes; of two snapshots of one ledger the one with the higher number is the later. */
  readonly seq: number
  readonly counters: readonly PropertyCounters[]
  readonly loss: PairLoss
  /** The first breach of an invariant. */
  readonly breach: { readonly requestId: string; readonly breach: InvariantBreach } | null
}

/** A request that is about to become a pair. */
export interface LedgerRequest {
  readonly requestId: string
  /** Value of the header that splits evidence; empty where there is none. */
  readonly segment: string
}

/** What became of a run. */
export interface SettledRun {
  /** A request without a comparison is lost. */
  readonly comparisons: readonly PairComparison[]
  /** `Infinity` for a run that was ended or given up; null when the candidate was not run or nobody measured. */
  readonly candidateRunMs: number | null
}

/** A place in the order of admission. `settle` or `lose` closes it; what is called later has no effect. */
export interface RunSlot {
  /** The row of a request that counts, out of `rows`. Drawn at admission, from the request id alone. */
  unitRow(requestId: string, rows: number): number
  /** Both versions answered or failed, and the answers were compared. */
  settle(run: SettledRun): void
  /** The platform lost the run: nobody's error. */
  lose(): void
}

interface OpenRun {
  /** Requests of the run that count: those not seen before in the series. */
  readonly fresh: readonly LedgerRequest[]
  /** The one whose failure counts. */
  readonly errorUnit: string | undefined
  readonly atMs: number
}

interface ClosedRun {
  readonly run: OpenRun
  readonly settled: SettledRun
}

const NOTHING: SettledRun = { comparisons: [], candidateRunMs: null }

/**
 * Counts pairs in order of admission: a run counts only when every run admitted before it is settled or lost.
 * In order of completion the slow failures of a candidate would come last and its verdict too early.
 *
 * What counts is drawn at admission, before any result is known: one request per run for errors, one row per request for outputs.
 * A request id counts once. Synchronous throughout; one ledger per series, source and step.
 */
export class PairLedger {
  readonly #options: PairLedgerOptions
  readonly #seen: RecentIds
  readonly #examples: PairExamples
  readonly #segments: SegmentNames
  readonly #counters = new CounterTable()
  readonly #slots: OrderedSlots<ClosedRun>
  #seq = 0
  #admitted = 0
  #lost = 0
  #breach: LedgerSnapshot['breach'] = null

  constructor(options: PairLedgerOptions) {
    this.#options = options
    this.#seen = options.seen ?? new RecentIds(200_000)
    this.#examples = new PairExamples(options.salt, options.examples ?? 200)
    this.#segments = new SegmentNames(options.segmentsMax ?? 20)
    this.#slots = new OrderedSlots(options.openRunsMax ?? 10_000, (closed) => this.#count(closed))
  }

  /** Takes the next place in the order. Called when the coin fell, before either version runs. */
  admitRun(requests: readonly LedgerRequest[], atMs: number): RunSlot {
    const { salt } = this.#options
    const fresh = requests
      .filter(({ requestId }) => this.#seen.add(hashText(requestId, `${salt}/seen`)))
      .map(({ requestId, segment }) => ({ requestId, segment: this.#segments.nameOf(segment) }))
    const run: OpenRun = { fresh, errorUnit: this.#drawErrorUnit(fresh), atMs }
    const { full } = this.#slots
    const close = this.#slots.admit()
    const slot: RunSlot = {
      unitRow: (requestId, rows) => drawRow(drawUniform(requestId, `${salt}/row`), rows),
      settle: (settled) => {
        if (close({ run, settled })) this.#noteBreach(settled.comparisons)
      },
      lose: () => void close({ run, settled: NOTHING }),
    }
    if (full) slot.lose()
    return slot
  }

  /** Everything counted so far. */
  snapshot(): LedgerSnapshot {
    const { source, step } = this.#options
    return {
      seq: this.#seq,
      counters: this.#counters.rows(source, step),
      loss: { source, step, admitted: this.#admitted, lost: this.#lost },
      breach: this.#breach,
    }
  }

  /** Pairs worth looking at, of those counted so far. */
  examples(): readonly PairExample[] {
    return this.#examples.list()
  }

  #drawErrorUnit(fresh: readonly LedgerRequest[]): string | undefined {
    let [drawn, least]: [string | undefined, number] = [undefined, Number.POSITIVE_INFINITY]
    for (const { requestId } of fresh) {
      const luck = hashText(requestId, `${this.#options.salt}/error`)
      if (luck >= least) continue
      drawn = requestId
      least = luck
    }
    return drawn
  }

  // A breach needs no statistics, so it waits for nothing.
  #noteBreach(comparisons: readonly PairComparison[]): void {
    if (this.#breach) return
    const found = comparisons.find((pair) => pair.breach !== null)
    if (!found?.breach) return
    this.#breach = { requestId: found.requestId, breach: found.breach }
    this.#seq++
  }

  #count({ run, settled }: ClosedRun): void {
    this.#seq++
    const byId = new Map(settled.comparisons.map((pair) => [pair.requestId, pair]))
    for (const { requestId, segment } of run.fresh) {
      this.#admitted++
      const pair = byId.get(requestId)
      if (pair === undefined) {
        this.#lost++
        continue
      }
      if (requestId === run.errorUnit) this.#countError(pair, segment)
      this.#countOutputs(pair, segment)
      this.#examples.add(pair, run.atMs)
    }
    if (run.fresh.length > 0) this.#countRun(settled.candidateRunMs)
  }

  #countError(pair: PairComparison, segment: string): void {
    const difference = Number(pair.candidateFailed) - Number(pair.baselineFailed)
    const key = { gate: 'errors', property: FAILED_PROPERTY, segment }
    this.#counters.count(key, difference > 0 ? 1 : difference < 0 ? -1 : 0)
  }

  #countOutputs({ outputs }: PairComparison, segment: string): void {
    for (const { output, unitAgrees, flip } of outputs) {
      this.#counters.count({ gate: 'disagreement', property: output, segment }, unitAgrees ? 0 : 1)
      if (flip !== null) this.#counters.count({ gate: FLIPS_GATE, property: output, segment }, flip)
    }
  }

  #countRun(candidateRunMs: number | null): void {
    const { overMs = null } = this.#options
    if (overMs === null || candidateRunMs === null) return
    const key = { gate: 'slowRuns', property: OVER_PROPERTY, segment: '' }
    this.#counters.count(key, candidateRunMs > overMs ? 1 : 0)
  }
}
