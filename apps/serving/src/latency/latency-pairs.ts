import type { MirrorPlan, NamedTensors, PlatformError } from '@understudy/core'
import type { ComparedRun } from '@understudy/onnx'
import type { LatencyGate, LatencySlot } from '@understudy/rollout'
import type { PairSource } from '@understudy/serving'
import { type ApartRun, decideApart } from './decide-apart.ts'
import { runTimesOf } from './run-times-of.ts'

/** Where a pair of run times counts. */
export interface LatencySlots {
  admitPair(gate: LatencyGate): LatencySlot
}

/** One run that is run apart. Exactly one of the two is called, once. */
export interface LatencyTicket {
  /** After the live answers have left: runs the batch on both versions. */
  run(inputs: NamedTensors): void
  /** The platform lost the run before. */
  lose(): void
}

/** Both versions of a series in one executor. */
export interface PairRunner {
  /** Resolves when both are loaded. */
  opened(): Promise<void>
  /** Resolves, with the reason, when it closed by itself. */
  readonly left: Promise<PlatformError>
  compare(
    inputs: NamedTensors,
    run: ApartRun,
  ): Promise<{ readonly baseline: ComparedRun; readonly candidate: ComparedRun }>
  close(): Promise<void>
}

export interface LatencyPairsOptions {
  /** Opens the executor of a series; undefined when the plan does not mirror it (any more). */
  readonly open: (seriesId: string) => PairRunner | undefined
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** The versions of a series could not be loaded, or had to leave; tried again later. */
  readonly onFault: (error: unknown, seriesId: string) => void
  /** A wait before a failed series is tried again. @defaultValue 30000 */
  readonly retryMs?: number
  readonly clock: { monotonicMs(): number }
}

interface Lane {
  readonly runner: PairRunner
  isOpen: boolean
  pairs: number
}

const RETRY_MS = 30_000

/**
 * Runs mirrored batches apart, to compare run times: both versions in one executor, one pair of the node at a time, so that pairs do not
 * disturb each other.
 *
 * Whether a batch is run apart is decided at its admission, from load alone; the live answer waits for nothing of it. An executor is there only
 * while the plan compares run times of its series.
 */
export class LatencyPairs {
  readonly #options: LatencyPairsOptions
  readonly #lanes = new Map<string, Lane>()
  /** Series that could not be opened, and when they may be tried again. */
  readonly #failed = new Map<string, number>()
  #admitted = 0
  #onIdle: (() => void)[] = []
  #closed = false

  constructor(options: LatencyPairsOptions) {
    this.#options = options
  }

  /** Series whose run times are compared from now on. Executors of others end; pairs under way in them are lost. */
  setPlanned(seriesIds: ReadonlySet<string>): void {
    for (const [seriesId, { runner }] of this.#lanes) {
      if (seriesIds.has(seriesId)) continue
      this.#lanes.delete(seriesId)
      void runner.close()
    }
    for (const seriesId of this.#failed.keys()) if (!seriesIds.has(seriesId)) this.#failed.delete(seriesId)
  }

  /** The first run of a series opens its executor, and is not run apart. */
  admit(mirror: MirrorPlan, source: PairSource, slots: LatencySlots): LatencyTicket | undefined {
    if (mirror.latency === null) return undefined
    const lane = this.#laneOf(mirror.seriesId)
    if (lane === undefined) return undefined
    const { random } = this.#options
    // Replayed requests are few, and disturb nobody.
    const share = source === 'replay' ? 1 : mirror.latency.share
    const isIdle = lane.isOpen && this.#admitted === 0
    const run = decideApart({ share, isIdle, pairs: lane.pairs }, random)
    return run === null ? undefined : this.#admit(lane, run, slots.admitPair(run.gate))
  }

  /** Resolves when the next run of the series would be run apart, or its versions cannot be had for now. */
  async untilIdle(seriesId: string): Promise<void> {
    await this.#laneOf(seriesId)
      ?.runner.opened()
      .catch(() => undefined)
    if (this.#admitted > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve))
  }

  async close(): Promise<void> {
    this.#closed = true
    const lanes = [...this.#lanes.values()]
    this.#lanes.clear()
    await Promise.all(lanes.map(({ runner }) => runner.close()))
  }

  #admit(lane: Lane, run: ApartRun, slot: LatencySlot): LatencyTicket {
    this.#admitted += 1
    lane.pairs += 1
    let open = true
    const end = (act: () => void) => {
      if (!open) return
      open = false
      this.#admitted -= 1
      act()
      if (this.#admitted === 0) for (const tell of this.#onIdle.splice(0)) tell()
    }
    return {
      run: (inputs) =>
        void lane.runner.compare(inputs, run).then(
          (pair) => {
            const times = runTimesOf(pair)
            end(() => (times === null ? slot.lose() : slot.settle(times)))
          },
          () => end(() => slot.lose()),
        ),
      lose: () => end(() => slot.lose()),
    }
  }

  #laneOf(seriesId: string): Lane | undefined {
    const known = this.#lanes.get(seriesId)
    if (known !== undefined) return known
    const { open, clock } = this.#options
    if (this.#closed || clock.monotonicMs() < (this.#failed.get(seriesId) ?? Number.NEGATIVE_INFINITY)) {
      return undefined
    }
    const runner = open(seriesId)
    if (runner === undefined) return undefined
    const lane: Lane = { runner, isOpen: false, pairs: 0 }
    this.#lanes.set(seriesId, lane)
    runner.opened().then(
      () => {
        lane.isOpen = true
      },
      (error: unknown) => this.#fail(seriesId, lane, error),
    )
    void runner.left.then((reason) => this.#fail(seriesId, lane, reason))
    return lane
  }

  #fail(seriesId: string, lane: Lane, error: unknown): void {
    if (this.#lanes.get(seriesId) !== lane) return
    const { clock, retryMs = RETRY_MS, onFault } = this.#options
    this.#lanes.delete(seriesId)
    this.#failed.set(seriesId, clock.monotonicMs() + retryMs)
    void lane.runner.close()
    onFault(error, seriesId)
  }
}
