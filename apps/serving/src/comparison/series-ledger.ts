import type { MirrorPlan } from '@understudy/core'
import {
  type LatencyGate,
  LatencyLedger,
  type LatencySlot,
  type LedgerRequest,
  PairLedger,
  type RecentIds,
  type RunSlot,
} from '@understudy/rollout'
import type { PairSource } from '@understudy/serving'
import { addCounterRows, type EvidenceSnapshot } from './evidence-snapshot.ts'
import { ReplayOrder } from './replay-order.ts'
import { SealedInputs } from './sealed-inputs.ts'

/** They are written whole with every flush: few enough for that, many enough to look at. */
const EXAMPLES_OF_A_KIND = 20

/** What ledgers of one series have in common, so that a request counts once over all sources and steps. */
export interface SeriesIds {
  readonly salt: string
  readonly seen: RecentIds
}

export interface SeriesLedgerOptions {
  readonly mirror: MirrorPlan
  readonly source: PairSource
  readonly ids: SeriesIds
  /** What an earlier ledger of the same series, source and step had counted in this process. */
  readonly before: EvidenceSnapshot | undefined
  readonly inputKey: string | undefined
}

/** Everything that this process counts of one series, source and step: pairs, run times, and the calibration of run times. */
export class SeriesLedger {
  readonly seriesId: string
  readonly source: PairSource
  readonly step: string
  /** What was stored last; what the ledger goes back to when what it has counted since then is refused. */
  #lastStored: EvidenceSnapshot | undefined
  readonly #before: EvidenceSnapshot | undefined
  readonly #pairs: PairLedger
  readonly #latency: Readonly<Record<LatencyGate, LatencyLedger>>
  readonly #replays = new ReplayOrder()
  readonly #inputs: SealedInputs
  #open = 0

  constructor({ mirror, source, ids, before, inputKey }: SeriesLedgerOptions) {
    const { seriesId, step } = mirror
    this.seriesId = seriesId
    this.source = source
    this.step = step
    this.#before = before
    this.#lastStored = before
    this.#pairs = new PairLedger({
      ...{ source, step, ...ids, examples: EXAMPLES_OF_A_KIND },
      overMs: mirror.latency?.overMs ?? null,
    })
    const latencyOf = (gate: LatencyGate) => new LatencyLedger({ source, step, gate })
    this.#latency = { latency: latencyOf('latency'), calibration: latencyOf('calibration') }
    this.#inputs = new SealedInputs(seriesId, inputKey)
  }

  /** Runs and pairs of run times admitted and neither settled nor lost. */
  get open(): number {
    return this.#open
  }

  get lastStored(): EvidenceSnapshot | undefined {
    return this.#lastStored
  }

  admitRun(requests: readonly LedgerRequest[], atMs: number): RunSlot {
    const slot = this.#pairs.admitRun(requests, atMs)
    const replayed = this.source === 'replay' ? requests.map(({ requestId }) => requestId) : undefined
    const close = this.#opened(replayed && this.#replays.admit(replayed))
    return {
      unitRow: (requestId, rows) => slot.unitRow(requestId, rows),
      settle: (run) => close(() => slot.settle(run)),
      lose: () => close(() => slot.lose()),
    }
  }

  admitPair(gate: LatencyGate): LatencySlot {
    const slot = this.#latency[gate].admitPair()
    const close = this.#opened()
    return {
      settle: (times) => close(() => slot.settle(times)),
      lose: () => close(() => slot.lose()),
    }
  }

  /** Replayed requests that are under way, or not stored as such. */
  replays(): readonly string[] {
    return this.#replays.all()
  }

  snapshot(): EvidenceSnapshot {
    const before = this.#before
    const pairs = this.#pairs.snapshot()
    const [latency, calibration] = [this.#latency.latency.snapshot(), this.#latency.calibration.snapshot()]
    const { breach: found } = pairs
    const breaches =
      found === null
        ? []
        : [{ kind: found.breach.kind, detail: found.breach.detail, requestId: found.requestId }]
    return {
      seriesId: this.seriesId,
      source: this.source,
      step: this.step,
      seq: this.#seq(),
      admitted: pairs.loss.admitted + (before?.admitted ?? 0),
      lost: pairs.loss.lost + (before?.lost ?? 0),
      counters: addCounterRows(before?.counters ?? [], [
        ...pairs.counters,
        ...latency.counters,
        ...calibration.counters,
      ]),
      breaches: before === undefined || before.breaches.length === 0 ? breaches : before.breaches,
      examples: this.#inputs.rows(this.#pairs.examples()),
      replayed: this.#replays.counted(),
    }
  }

  hasUnstored(): boolean {
    return this.#seq() > (this.#lastStored?.seq ?? 0)
  }

  stored(snapshot: EvidenceSnapshot): void {
    this.#replays.stored(snapshot.replayed)
    if (snapshot.seq > (this.#lastStored?.seq ?? 0)) this.#lastStored = snapshot
  }

  #seq(): number {
    const { latency, calibration } = this.#latency
    const counted = [this.#pairs, latency, calibration].reduce(
      (sum, ledger) => sum + ledger.snapshot().seq,
      0,
    )
    return counted + (this.#before?.seq ?? 0)
  }

  /** Counts one more as open. What the function that it returns is called with happens once. */
  #opened(onClose?: () => void): (act: () => void) => void {
    this.#open += 1
    let open = true
    return (act) => {
      if (!open) return
      open = false
      this.#open -= 1
      onClose?.()
      act()
    }
  }
}
