import type { PropertyCounters } from '../evidence/counters.ts'
import { LATENCY_EDGES_MS, latencyProperty } from '../evidence/latency-edges.ts'
import { OrderedSlots } from './ordered-slots.ts'

/** What a latency ledger counts for: the verdict, or the health of the comparator (the same version on both sides), which never decides. */
export type LatencyGate = 'latency' | 'calibration'

/** The property, beside the edges, that counts pairs that the platform lost (`nPlus`) of those admitted. */
export const LOST_PROPERTY = 'lost'

/** The gate, shown and never deciding, of runs longer than an edge by version: `nPlus` of the candidate, `nMinus` of the baseline. */
export const RUN_TIMES_GATE = 'runTimes'

export interface LatencyLedgerOptions {
  readonly source: string
  readonly step: string
  readonly gate: LatencyGate
  /**
   * Pairs that may be open at once; one more counts as lost.
   * @defaultValue 1,000
   */
  readonly openPairsMax?: number
}

/** Times of the same batch run by both versions; `Infinity` for a run that was ended, which is slower than every edge. */
export interface RunTimes {
  readonly baselineMs: number
  readonly candidateMs: number
}

/** A place in the order of admission. `settle` or `lose` closes it; what is called later has no effect. */
export interface LatencySlot {
  settle(times: RunTimes): void
  /** The platform lost the pair: nobody's slowness. */
  lose(): void
}

/** What is flushed: absolute values, so that a repeated flush changes nothing. */
export interface LatencySnapshot {
  /** Grows whenever a value changes. */
  readonly seq: number
  readonly counters: readonly PropertyCounters[]
  readonly admitted: number
  readonly lost: number
}

interface MutableEdge {
  nPlus: number
  nMinus: number
  candidateAbove: number
  baselineAbove: number
}

/**
 * Counts pairs of run times on the fixed grid, in order of admission: a pair counts only when every pair admitted before it is settled or
 * lost.
 *
 * A snapshot names the first edge and each edge on which a pair ever disagreed; any other edge has as many pairs as the first, without
 * discordance. Synchronous throughout; one ledger per series, source and step.
 */
export class LatencyLedger {
  readonly #options: LatencyLedgerOptions
  readonly #slots: OrderedSlots<RunTimes | null>
  readonly #edges: readonly MutableEdge[] = LATENCY_EDGES_MS.map(() => ({
    nPlus: 0,
    nMinus: 0,
    candidateAbove: 0,
    baselineAbove: 0,
  }))
  #seq = 0
  #settled = 0
  #lost = 0

  constructor(options: LatencyLedgerOptions) {
    this.#options = options
    this.#slots = new OrderedSlots(options.openPairsMax ?? 1_000, (times) => this.#count(times))
  }

  /** Takes the next place in the order, before either version runs. */
  admitPair(): LatencySlot {
    const { full } = this.#slots
    const close = this.#slots.admit()
    const slot: LatencySlot = {
      settle: (times) => void close(times),
      lose: () => void close(null),
    }
    if (full) slot.lose()
    return slot
  }

  /** Everything counted so far. */
  snapshot(): LatencySnapshot {
    return {
      seq: this.#seq,
      counters: this.#seq === 0 ? [] : [...this.#edgeRows(), this.#lostRow()],
      admitted: this.#settled + this.#lost,
      lost: this.#lost,
    }
  }

  #count(times: RunTimes | null): void {
    this.#seq++
    if (times === null) {
      this.#lost++
      return
    }
    this.#settled++
    for (const [index, edge] of this.#edges.entries()) {
      const edgeMs = LATENCY_EDGES_MS[index] ?? Number.POSITIVE_INFINITY
      const candidate = times.candidateMs > edgeMs
      const baseline = times.baselineMs > edgeMs
      if (candidate) edge.candidateAbove++
      if (baseline) edge.baselineAbove++
      if (candidate && !baseline) edge.nPlus++
      if (baseline && !candidate) edge.nMinus++
      if (!candidate && !baseline) return
    }
  }

  #edgeRows(): readonly PropertyCounters[] {
    const { source, step, gate } = this.#options
    return this.#edges.flatMap(({ nPlus, nMinus, candidateAbove, baselineAbove }, index) => {
      const discordant = nPlus + nMinus > 0
      if (!discordant && index > 0) return []
      const at = { source, step, property: latencyProperty(LATENCY_EDGES_MS[index] ?? 0), segment: '' }
      const row = { ...at, gate, nPlus, nZero: this.#settled - nPlus - nMinus, nMinus }
      if (gate === 'calibration' || !discordant) return [row]
      return [row, { ...at, gate: RUN_TIMES_GATE, nPlus: candidateAbove, nZero: 0, nMinus: baselineAbove }]
    })
  }

  #lostRow(): PropertyCounters {
    const { source, step, gate } = this.#options
    const counts = { nPlus: this.#lost, nZero: this.#settled, nMinus: 0 }
    return { source, step, gate, property: LOST_PROPERTY, segment: '', ...counts }
  }
}
