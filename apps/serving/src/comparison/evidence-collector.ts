import { type Clock, type MirrorPlan, systemClock, type TensorSpec } from '@understudy/core'
import type { ComparableAnswer, PairComparison, RunSlot } from '@understudy/rollout'
import type { MirrorSink, Pair, PairAnswer, RunTicket } from '@understudy/serving'
import type { ComparisonRun } from './comparison-protocol.ts'
import { type EvidenceSnapshot, SeriesLedger } from './series-ledger.ts'

/** What compares; {@link ComparisonClient} off the loop. */
export interface RunComparer {
  compare(run: ComparisonRun): Promise<readonly PairComparison[]>
}

export interface EvidenceCollectorOptions {
  readonly comparer: RunComparer
  /** Outputs of the baseline's signature; empty when the plan no longer knows it. */
  readonly baselineOutputs: (mirror: MirrorPlan) => readonly TensorSpec[]
  readonly clock?: Clock
}

/** Sums of ended ledgers that are remembered, should their series return in this process. */
const ENDED_MAX = 1_000

/**
 * Counts what mirrored runs show: one ledger per series and step, in order of admission, outputs compared elsewhere.
 *
 * A run that cannot be compared is lost, which is nobody's error. Snapshots are absolute and grow only, also over a series that
 * leaves the plan and returns.
 */
export class EvidenceCollector implements MirrorSink {
  readonly #options: EvidenceCollectorOptions
  readonly #clock: Clock
  readonly #ledgers = new Map<string, SeriesLedger>()
  readonly #ended = new Map<string, EvidenceSnapshot>()
  #planned: ReadonlySet<string> | undefined

  constructor(options: EvidenceCollectorOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  admit(mirror: MirrorPlan, requestIds: readonly string[]): RunTicket {
    const slot = this.#ledgerOf(mirror).admitRun(requestIds, this.#clock.now())
    return {
      settle: (pairs) => void this.#settle(mirror, pairs, slot),
      lose: () => slot.lose(),
    }
  }

  /** Runs whose pairs are not counted yet. */
  get openRuns(): number {
    return [...this.#ledgers.values()].reduce((sum, ledger) => sum + ledger.openRuns, 0)
  }

  /** Series that the plan mirrors from now on. Ledgers of others are dropped as soon as everything of them is stored. */
  setPlannedSeries(seriesIds: ReadonlySet<string>): void {
    this.#planned = seriesIds
    this.#dropEnded()
  }

  /** Everything that changed since it was last stored. */
  snapshots(): readonly EvidenceSnapshot[] {
    return [...this.#ledgers.values()]
      .filter((ledger) => ledger.hasUnstored())
      .map((ledger) => ledger.snapshot())
  }

  /** These snapshots are stored. What is not confirmed comes again. */
  stored(snapshots: readonly EvidenceSnapshot[]): void {
    for (const { seriesId, step, seq } of snapshots) this.#ledgers.get(keyOf(seriesId, step))?.stored(seq)
    this.#dropEnded()
  }

  #ledgerOf(mirror: MirrorPlan): SeriesLedger {
    const key = keyOf(mirror.seriesId, mirror.step)
    const known = this.#ledgers.get(key)
    if (known !== undefined) return known
    const ledger = new SeriesLedger(mirror, this.#ended.get(key))
    this.#ended.delete(key)
    this.#ledgers.set(key, ledger)
    return ledger
  }

  async #settle(mirror: MirrorPlan, pairs: readonly Pair[], slot: RunSlot): Promise<void> {
    try {
      const plan = { compare: mirror.compare, outputs: this.#options.baselineOutputs(mirror) }
      const tasks = pairs.map((pair) => ({
        unitRow: slot.unitRow(pair.requestId, pair.rows),
        pair: { ...pair, baseline: comparable(pair.baseline), candidate: comparable(pair.candidate) },
      }))
      slot.settle(await this.#options.comparer.compare({ plan, tasks }))
    } catch {
      slot.lose()
    }
  }

  #dropEnded(): void {
    for (const [key, ledger] of this.#ledgers) {
      if (this.#planned?.has(ledger.seriesId) !== false) continue
      if (ledger.openRuns > 0 || ledger.hasUnstored()) continue
      this.#ledgers.delete(key)
      this.#ended.set(key, { ...ledger.snapshot(), examples: [] })
    }
    for (const key of this.#ended.keys()) {
      if (this.#ended.size <= ENDED_MAX) return
      this.#ended.delete(key)
    }
  }
}

function keyOf(seriesId: string, step: string): string {
  return `${seriesId} ${step}`
}

function comparable(answer: PairAnswer): ComparableAnswer {
  if ('outputs' in answer) return answer
  const { error, confirmed } = answer
  return confirmed ? { errorCode: error.code, confirmed } : { errorCode: error.code }
}
