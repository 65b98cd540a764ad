import { type Clock, type MirrorPlan, unsealBytes } from '@understudy/core'
import type { CaptureRow, RequestStore } from '@understudy/db/node'
import type { ReplayedRequest, ReplayOutcome } from '@understudy/serving'
import type { Logger } from '@understudy/telemetry'
import { captureSubject } from '../capture/capture-buffer.ts'
import { decodeInputs } from '../capture/input-codec.ts'
import type { PlannedSeries } from '../node/mirrored-series.ts'

export interface ReplayRunnerOptions {
  readonly store: Pick<RequestStore, 'claimReplay' | 'nextReplays'>
  /** Runs a request through both versions; its pair is counted when it says `settled`. */
  readonly replay: (mirror: MirrorPlan, request: ReplayedRequest) => Promise<ReplayOutcome>
  /** Captured requests of a series that are under way, or counted and not stored as replayed. */
  readonly underWay: (seriesId: string) => readonly string[]
  /** Resolves when the run times of the next request of the series can be compared, too, or cannot be for now. */
  readonly untilIdle: (seriesId: string) => Promise<void>
  readonly seriesOf: (seriesId: string) => PlannedSeries | undefined
  readonly seriesIds: () => Iterable<string>
  /** What captured requests were encrypted with: 32 bytes, hex. */
  readonly inputKey: string
  readonly clock: Clock
  readonly logger: Logger
}

/** Held in memory at a time. */
const PAGE_REQUESTS = 100
/** Well within the lease, so that the claim is never lost to slowness. */
const CLAIM_MS = 4_000
const LOOK_MS = 1_000
/** A request that could not be begun so often is left to another node. */
const TRIES_MAX = 5
const TRY_AGAIN_MS = 500

/** What this node knows of a series that it replays for. */
interface Progress {
  claimedAtMs: number
  /** Requests that it cannot run: encrypted with another key, or refused again and again. */
  readonly skipped: Set<string>
  readonly tries: Map<string, number>
}

/**
 * Replays captured requests for series whose plan asks for it: each once, one node at a time, in an order that nobody can foresee.
 *
 * What was counted is stored together with the names of its requests, so that after a crash another node goes on with exactly the rest.
 * Nothing of it waits in front of a client's request, and with the record away it only pauses.
 */
export class ReplayRunner {
  readonly #options: ReplayRunnerOptions
  readonly #stop = new AbortController()
  readonly #progress = new Map<string, Progress>()
  readonly #running = new Map<string, Promise<void>>()
  #loop: Promise<void> | undefined
  #saidUnreadable = false

  constructor(options: ReplayRunnerOptions) {
    this.#options = options
  }

  start(): void {
    this.#loop ??= this.#run()
  }

  /** Begins no further request, and resolves when the last has ended. */
  async close(): Promise<void> {
    this.#stop.abort()
    await this.#loop
    await Promise.all(this.#running.values())
  }

  async #run(): Promise<void> {
    const { clock, seriesIds, seriesOf } = this.#options
    while (!this.#stop.signal.aborted) {
      for (const seriesId of seriesIds()) if (this.#wanted(seriesId)) this.#begin(seriesId)
      for (const seriesId of this.#progress.keys()) {
        if (seriesOf(seriesId) === undefined) this.#progress.delete(seriesId)
      }
      await this.#renewClaims()
      await clock.sleep(LOOK_MS, this.#stop.signal)
    }
  }

  /** A request may wait for clients for longer than the lease. */
  async #renewClaims(): Promise<void> {
    for (const [seriesId, progress] of this.#progress) {
      const isHeld = this.#running.has(seriesId) && Number.isFinite(progress.claimedAtMs)
      if (isHeld) await this.#claim(seriesId, progress).catch(() => undefined)
    }
  }

  /** The series as it is planned now, where it is to be replayed for. */
  #wanted(seriesId: string): PlannedSeries | undefined {
    const series = this.#stop.signal.aborted ? undefined : this.#options.seriesOf(seriesId)
    return series?.mirror.replay === true ? series : undefined
  }

  #begin(seriesId: string): void {
    if (this.#running.has(seriesId)) return
    const { logger } = this.#options
    const replaying = this.#replayAll(seriesId)
      .catch((error: unknown) => logger.debug({ err: error, seriesId }, 'replay pauses'))
      .finally(() => this.#running.delete(seriesId))
    this.#running.set(seriesId, replaying)
  }

  /** Until nothing is left, or another node replays. */
  async #replayAll(seriesId: string): Promise<void> {
    const { store, underWay } = this.#options
    const progress = this.#progressOf(seriesId)
    while (this.#wanted(seriesId) !== undefined && (await this.#claim(seriesId, progress))) {
      const except = [...underWay(seriesId), ...progress.skipped]
      const page = await store.nextReplays(seriesId, except, PAGE_REQUESTS)
      if (page.length === 0) return
      for (const captured of page) {
        const series = this.#wanted(seriesId)
        if (series === undefined || !(await this.#claim(seriesId, progress))) return
        await this.#replayOne(series, captured, progress)
      }
    }
  }

  async #claim(seriesId: string, progress: Progress): Promise<boolean> {
    const nowMs = this.#options.clock.monotonicMs()
    if (nowMs - progress.claimedAtMs < CLAIM_MS) return true
    if (!(await this.#options.store.claimReplay(seriesId))) return false
    progress.claimedAtMs = nowMs
    return true
  }

  async #replayOne({ mirror }: PlannedSeries, captured: CaptureRow, progress: Progress): Promise<void> {
    const { clock, replay, untilIdle } = this.#options
    const { requestId, rows } = captured
    const inputs = this.#inputsOf(captured)
    if (inputs === undefined) {
      progress.skipped.add(requestId)
      return
    }
    if (mirror.latency !== null) await untilIdle(mirror.seriesId)
    const outcome = await replay(mirror, { requestId, rows, inputs })
    if (outcome !== 'refused') return
    const tries = (progress.tries.get(requestId) ?? 0) + 1
    progress.tries.set(requestId, tries)
    if (tries >= TRIES_MAX) {
      progress.tries.delete(requestId)
      progress.skipped.add(requestId)
    }
    await clock.sleep(TRY_AGAIN_MS, this.#stop.signal)
  }

  #inputsOf({ model, requestId, body }: CaptureRow) {
    const { inputKey, logger } = this.#options
    const bytes = unsealBytes(inputKey, body, captureSubject(model, requestId))
    const inputs = bytes && decodeInputs(bytes)
    if (inputs === undefined && !this.#saidUnreadable) {
      this.#saidUnreadable = true
      logger.warn(
        { model },
        'captured requests cannot be read and are not replayed: they were encrypted with another key; give every node the UNDERSTUDY_INPUT_KEY of the installation',
      )
    }
    return inputs
  }

  #progressOf(seriesId: string): Progress {
    const known = this.#progress.get(seriesId)
    if (known !== undefined) return known
    const progress: Progress = {
      claimedAtMs: Number.NEGATIVE_INFINITY,
      skipped: new Set(),
      tries: new Map(),
    }
    this.#progress.set(seriesId, progress)
    return progress
  }
}
