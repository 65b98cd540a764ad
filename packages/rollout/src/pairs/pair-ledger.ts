import { FAILED_PROPERTY, type GateName } from '../analysis/analysis-plan.ts'
import type { PairLoss } from '../analysis/assess-analysis.ts'
import type { InvariantBreach, PairComparison } from '../comparators/compare-pair.ts'
import type { PropertyCounters } from '../evidence/counters.ts'
import { drawRow, drawUniform, hashText } from './draw.ts'
import { type PairExample, PairExamples } from './pair-examples.ts'
import { RecentIds } from './recent-ids.ts'

export interface PairLedgerOptions {
  readonly source: string
  readonly step: string
  /** Unknown to clients and new for each series and process: a client that chooses its request ids shall not choose what counts. */
  readonly salt: string
  /**
   * Runs that may be open at once; one more counts as lost. Bounds memory when the oldest does not settle.
   * @defaultValue 10,000
   */
  readonly openRunsMax?: number
  /**
   * Request ids that are remembered, so that each counts once.
   * @defaultValue 200,000
   */
  readonly rememberedIds?: number
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

/** A place in the order of admission. `settle` or `lose` closes it; what is called later has no effect. */
export interface RunSlot {
  /** The row of a request that counts, out of `rows`. Drawn at admission, from the request id alone. */
  unitRow(requestId: string, rows: number): number
  /** Both versions answered or failed, and the answers were compared. A request without a comparison is lost. */
  settle(comparisons: readonly PairComparison[]): void
  /** The platform lost the run: nobody's error. */
  lose(): void
}

interface OpenRun {
  /** Requests of the run that count: those not seen before in the series. */
  readonly fresh: readonly string[]
  /** The one whose failure counts. */
  readonly errorUnit: string | undefined
  readonly atMs: number
  comparisons: readonly PairComparison[] | undefined
}

interface MutableCounters {
  nPlus: number
  nZero: number
  nMinus: number
}

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
  readonly #counters = new Map<GateName, Map<string, MutableCounters>>()
  #open: OpenRun[] = []
  #first = 0
  #seq = 0
  #admitted = 0
  #lost = 0
  #breach: LedgerSnapshot['breach'] = null

  constructor(options: PairLedgerOptions) {
    this.#options = options
    this.#seen = new RecentIds(options.rememberedIds ?? 200_000)
    this.#examples = new PairExamples(options.salt, options.examples ?? 200)
  }

  /** Takes the next place in the order. Called when the coin fell, before either version runs. */
  admitRun(requestIds: readonly string[], atMs: number): RunSlot {
    const { salt, openRunsMax = 10_000 } = this.#options
    const fresh = requestIds.filter((id) => this.#seen.add(hashText(id, `${salt}/seen`)))
    const run: OpenRun = { fresh, errorUnit: this.#drawErrorUnit(fresh), atMs, comparisons: undefined }
    const full = this.#open.length - this.#first >= openRunsMax
    this.#open.push(run)
    const slot: RunSlot = {
      unitRow: (requestId, rows) => drawRow(drawUniform(requestId, `${salt}/row`), rows),
      settle: (comparisons) => this.#close(run, comparisons),
      lose: () => this.#close(run, []),
    }
    if (full) slot.lose()
    return slot
  }

  /** Everything counted so far. */
  snapshot(): LedgerSnapshot {
    const { source, step } = this.#options
    const counters = [...this.#counters].flatMap(([gate, properties]) =>
      [...properties].map(([property, counts]) => ({ source, step, gate, property, ...counts })),
    )
    return {
      seq: this.#seq,
      counters,
      loss: { source, step, admitted: this.#admitted, lost: this.#lost },
      breach: this.#breach,
    }
  }

  /** Pairs worth looking at, of those counted so far. */
  examples(): readonly PairExample[] {
    return this.#examples.list()
  }

  #drawErrorUnit(fresh: readonly string[]): string | undefined {
    const luck = (id: string) => hashText(id, `${this.#options.salt}/error`)
    return fresh.reduce<string | undefined>(
      (drawn, id) => (drawn === undefined || luck(id) < luck(drawn) ? id : drawn),
      undefined,
    )
  }

  #close(run: OpenRun, comparisons: readonly PairComparison[]): void {
    if (run.comparisons !== undefined) return
    run.comparisons = comparisons
    this.#noteBreach(comparisons)
    for (let next = this.#open[this.#first]; next?.comparisons; next = this.#open[this.#first]) {
      this.#count(next, next.comparisons)
      next.comparisons = []
      this.#first++
      this.#seq++
    }
    if (this.#first > 1_024 && this.#first * 2 > this.#open.length) {
      this.#open = this.#open.slice(this.#first)
      this.#first = 0
    }
  }

  // A breach needs no statistics, so it waits for nothing.
  #noteBreach(comparisons: readonly PairComparison[]): void {
    if (this.#breach) return
    const found = comparisons.find((pair) => pair.breach !== null)
    if (!found?.breach) return
    this.#breach = { requestId: found.requestId, breach: found.breach }
    this.#seq++
  }

  #count(run: OpenRun, comparisons: readonly PairComparison[]): void {
    const byId = new Map(comparisons.map((pair) => [pair.requestId, pair]))
    for (const id of run.fresh) {
      this.#admitted++
      const pair = byId.get(id)
      if (pair === undefined) {
        this.#lost++
        continue
      }
      if (id === run.errorUnit) this.#countError(pair)
      for (const { output, unitAgrees } of pair.outputs) {
        const counters = this.#of('disagreement', output)
        if (unitAgrees) counters.nZero++
        else counters.nPlus++
      }
      this.#examples.add(pair, run.atMs)
    }
  }

  #countError(pair: PairComparison): void {
    const counters = this.#of('errors', FAILED_PROPERTY)
    if (pair.candidateFailed === pair.baselineFailed) counters.nZero++
    else if (pair.candidateFailed) counters.nPlus++
    else counters.nMinus++
  }

  #of(gate: GateName, property: string): MutableCounters {
    const properties = this.#counters.get(gate) ?? new Map<string, MutableCounters>()
    this.#counters.set(gate, properties)
    const counters = properties.get(property) ?? { nPlus: 0, nZero: 0, nMinus: 0 }
    properties.set(property, counters)
    return counters
  }
}
