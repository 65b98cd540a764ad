import { type Clock, type MirrorPlan, systemClock, type TensorSpec } from '@understudy/core'
import type { MinuteRow } from '@understudy/db/node'
import type { ComparableAnswer, RunSlot } from '@understudy/rollout'
import type {
  AdmittedRequest,
  MirrorSink,
  PairAnswer,
  PairedRun,
  PairSource,
  RunTicket,
} from '@understudy/serving'
import type { LatencySlots, LatencyTicket } from '../latency/latency-pairs.ts'
import type { ComparisonOrder, ComparisonRun, PairFinding } from './comparison-run.ts'
import type { EvidenceSnapshot } from './evidence-snapshot.ts'
import { MinuteMeter } from './minute-meter.ts'
import { SeriesLedgers } from './series-ledgers.ts'

/** What compares; `ComparisonClient` off the loop. */
export interface RunComparer {
  compare(run: ComparisonRun): Promise<readonly PairFinding[]>
}

/** What runs pairs apart, to compare run times. */
export interface RunTimeComparer {
  /** Throws the coin, from load alone. Undefined: this run is not run apart. */
  admit(mirror: MirrorPlan, source: PairSource, slots: LatencySlots): LatencyTicket | undefined
}

/** What keeps both answers of pairs. */
export interface PairKeeper {
  keep(mirror: MirrorPlan, source: PairSource, findings: readonly PairFinding[]): void
}

export interface EvidenceCollectorOptions {
  readonly comparer: RunComparer
  /** Outputs of the baseline's signature; empty when the plan no longer knows it. */
  readonly baselineOutputs: (mirror: MirrorPlan) => readonly TensorSpec[]
  /** @defaultValue run times are not compared */
  readonly runTimes?: RunTimeComparer | undefined
  /** @defaultValue no answers are kept */
  readonly answers?: PairKeeper | undefined
  /** What inputs of examples are encrypted with. @defaultValue none is kept */
  readonly inputKey?: string | undefined
  readonly clock?: Clock
}

/**
 * Counts what mirrored runs show: one ledger per series, source and step, in order of admission; outputs are compared elsewhere.
 *
 * A run that cannot be compared is lost, which is nobody's error. Snapshots are absolute and grow only, also over a series that
 * leaves the plan and returns.
 */
export class EvidenceCollector implements MirrorSink {
  readonly #options: EvidenceCollectorOptions
  readonly #clock: Clock
  readonly #ledgers: SeriesLedgers
  readonly #minutes = new Map<string, MinuteMeter>()
  /** One order for one plan: runs that cross over together say it once. */
  readonly #orders = new WeakMap<MirrorPlan, ComparisonOrder>()
  #planned: ReadonlySet<string> | undefined

  constructor(options: EvidenceCollectorOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#ledgers = new SeriesLedgers(options.inputKey)
  }

  admit(mirror: MirrorPlan, requests: readonly AdmittedRequest[], source: PairSource): RunTicket {
    const ledger = this.#ledgers.of(mirror, source)
    const slot = ledger.admitRun(requests, this.#clock.now())
    const apart = mirror.latency && this.#options.runTimes?.admit(mirror, source, ledger)
    return {
      settle: (run) => {
        void this.#settle({ mirror, source, run, slot })
        apart?.run(run.inputs)
      },
      lose: () => {
        slot.lose()
        apart?.lose()
      },
    }
  }

  passed({ seriesId }: MirrorPlan, requests: number, sampled: boolean): void {
    let meter = this.#minutes.get(seriesId)
    if (meter === undefined) {
      meter = new MinuteMeter(seriesId)
      this.#minutes.set(seriesId, meter)
    }
    meter.count(requests, sampled, this.#clock.now())
  }

  /** Runs and pairs of run times that are not counted yet. */
  get openRuns(): number {
    return this.#ledgers.all().reduce((sum, ledger) => sum + ledger.open, 0)
  }

  /** Series that the plan mirrors from now on. What is counted of others is dropped as soon as it is stored. */
  setPlannedSeries(seriesIds: ReadonlySet<string>): void {
    this.#planned = seriesIds
    this.#ledgers.setPlanned(seriesIds)
    this.#dropMinutes()
  }

  /** Everything that changed since it was last stored. */
  snapshots(): readonly EvidenceSnapshot[] {
    return this.#ledgers
      .all()
      .filter((ledger) => ledger.hasUnstored())
      .map((ledger) => ledger.snapshot())
  }

  /** Minutes of live traffic that changed since they were last stored. */
  minutes(): readonly MinuteRow[] {
    return [...this.#minutes.values()].flatMap((meter) => meter.rows())
  }

  /** These are stored. What is not confirmed comes again. */
  stored(snapshots: readonly EvidenceSnapshot[], minutes: readonly MinuteRow[] = []): void {
    this.#ledgers.stored(snapshots)
    for (const row of minutes) this.#minutes.get(row.seriesId)?.stored(row)
    this.#dropMinutes()
  }

  /** These were refused: what they hold beyond what is stored never counts. */
  refused(snapshots: readonly EvidenceSnapshot[]): void {
    this.#ledgers.refused(snapshots)
  }

  /** Captured requests of a series that are under way, or not stored as replayed, in any of its steps. */
  replays(seriesId: string): readonly string[] {
    return this.#ledgers.all().flatMap((ledger) => (ledger.seriesId === seriesId ? ledger.replays() : []))
  }

  async #settle({ mirror, source, run, slot }: Settled): Promise<void> {
    try {
      const tasks = run.pairs.map((pair) => ({
        unitRow: slot.unitRow(pair.requestId, pair.rows),
        pair: { ...pair, baseline: comparable(pair.baseline), candidate: comparable(pair.candidate) },
      }))
      const findings = await this.#options.comparer.compare({ plan: this.#orderOf(mirror), tasks })
      const { candidateRunMs } = run
      slot.settle({ comparisons: findings.map(({ comparison }) => comparison), candidateRunMs })
      this.#options.answers?.keep(mirror, source, findings)
    } catch {
      slot.lose()
    }
  }

  #orderOf(mirror: MirrorPlan): ComparisonOrder {
    const known = this.#orders.get(mirror)
    if (known !== undefined) return known
    const { compare, keepAnswers, storeInputs } = mirror
    const order: ComparisonOrder = {
      ...{ compare, outputs: this.#options.baselineOutputs(mirror) },
      keepAnswers: keepAnswers && this.#options.answers !== undefined,
      storeInputs: storeInputs && this.#options.inputKey !== undefined,
    }
    // A plan that was kept on disk runs before the reader has one: its outputs are not known yet.
    if (order.outputs.length > 0) this.#orders.set(mirror, order)
    return order
  }

  #dropMinutes(): void {
    for (const [seriesId, meter] of this.#minutes) {
      if (this.#planned?.has(seriesId) === false && meter.rows().length === 0) this.#minutes.delete(seriesId)
    }
  }
}

interface Settled {
  readonly mirror: MirrorPlan
  readonly source: PairSource
  readonly run: PairedRun
  readonly slot: RunSlot
}

function comparable(answer: PairAnswer): ComparableAnswer {
  if ('outputs' in answer) return answer
  const { error, confirmed } = answer
  return confirmed ? { errorCode: error.code, confirmed } : { errorCode: error.code }
}
