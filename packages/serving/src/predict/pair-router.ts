import { type Clock, STICKY_KEY_HEADER, toPlatformError } from '@understudy/core'
import type { MirrorDispatcher } from '../mirror/mirror-dispatcher.ts'
import type { MirrorLane } from '../mirror/mirror-lane.ts'
import { headerOf } from '../mirror/segment-of.ts'
import { measured } from '../mirror/version-answers.ts'
import type { ServableId } from '../servable.ts'
import { assignVersion } from './assign-version.ts'
import type { BatchRouter, RoutableBatch, RoutedBatch } from './batch-router.ts'
import { CanaryRun } from './canary-run.ts'
import { DeadlineWatch } from './deadline-watch.ts'
import type { LoadedVersion } from './loaded-version.ts'
import type { AnswerOrigin, BatchReceiver, BatchRequest, PendingRequest } from './pending-request.ts'
import type { ServedByVersions } from './served-by-versions.ts'
import { type OtherVersion, StandIn } from './stand-in.ts'

/** Of what is left of a request's budget, before the other version is asked too. */
const PATIENCE = 0.5

export interface PairRouterOptions {
  readonly mirror: Pick<MirrorDispatcher, 'laneOf' | 'admit'>
  /** The version that is available under this number; undefined when none is. */
  readonly loadedAs: (id: ServableId) => LoadedVersion | undefined
  readonly generationOf: (model: string) => number | undefined
  readonly servedBy: ServedByVersions
  readonly clock: Clock
}

/** What a batch for `live` and its requests are split into. */
interface Split {
  readonly lane: MirrorLane
  readonly batch: RoutableBatch
  readonly candidate: LoadedVersion
  /** Those that the candidate answers, with their places in the batch. */
  readonly given: readonly (readonly [number, PendingRequest])[]
}

/**
 * Who of a pair answers which request. The coin of the mirror falls for the whole batch, before it is split: a sampled batch runs on
 * both versions and each request takes the answer of the one that its key gave it; else the candidate's requests go to the candidate's
 * own queue.
 *
 * A request that the candidate was given, in canary or in bake, is answered by the other version when the candidate does not.
 */
export class PairRouter implements BatchRouter {
  readonly #options: PairRouterOptions
  readonly #watch: DeadlineWatch<StandIn>

  constructor(options: PairRouterOptions) {
    this.#options = options
    this.#watch = new DeadlineWatch(options.clock)
  }

  route(batch: RoutableBatch): RoutedBatch | undefined {
    const lane = this.#options.mirror.laneOf(batch.id)
    if (lane === undefined) return undefined
    const split = this.#split(lane, batch)
    const canary = split && new CanaryRun(this.#options.clock)
    const run = this.#options.mirror.admit(lane, {
      requests: batch.requests.map(({ request }) => request),
      load: batch.load,
      clients: canary,
    })
    if (run === undefined) return split && this.#handOver(split)
    if (split && canary) this.#give(split, canary)
    return {
      requests: batch.requests,
      mirrored: true,
      began: (inputs) => run.began(inputs),
      answered: (answers, runMs) => {
        canary?.otherAnswered(answers)
        run.answered(answers, this.#measured(lane, measured(runMs, answers)))
      },
    }
  }

  /**
   * Who gets the answer of a live request that is about to be handed to this version: while it is on trial, one who asks the other
   * version too.
   */
  clientOf(id: ServableId, request: BatchRequest, client: BatchReceiver): BatchReceiver {
    const lane = this.#options.mirror.laneOf(id)
    if (lane === undefined || lane.plan.candidate !== id.version) return client
    const deadlineAtMs = this.#options.clock.monotonicMs() + request.timeoutMs
    const other: OtherVersion = {
      ask: (receiver) => this.#ask(lane.second, { request, deadlineAtMs }, receiver),
      isBusy: () => isBusy(this.#options.loadedAs(lane.second)),
    }
    return this.#standIn({ client, origin: undefined, other, timeoutMs: request.timeoutMs })
  }

  /** Times of the candidate in another form than that in which it serves say nothing. */
  #measured({ primary, plan }: MirrorLane, runMs: number | null): number | null {
    if (primary.version !== plan.candidate || runMs === Number.POSITIVE_INFINITY) return runMs
    return this.#options.loadedAs(primary)?.model.isInLiveForm?.() === false ? null : runMs
  }

  /** Nothing is asked in advance any more. */
  close(): void {
    this.#watch.close()
  }

  /** Undefined: the version that the batch came to answers all of it. */
  #split(lane: MirrorLane, batch: RoutableBatch): Split | undefined {
    const { candidateShare: share, rolloutId, candidate: number } = lane.plan
    if (share <= 0 || lane.second.version !== number) return undefined
    const candidate = this.#options.loadedAs(lane.second)
    if (candidate === undefined || candidate.model.isInLiveForm?.() === false) return undefined
    const given = [...batch.requests.entries()].filter(([, { request }]) => {
      const key = headerOf(request.header, STICKY_KEY_HEADER) || request.requestId
      return assignVersion({ share, rolloutId, key }) === 'candidate'
    })
    return given.length === 0 ? undefined : { lane, batch, candidate, given }
  }

  /** The candidate runs the whole batch at once, beside the version that it came to. */
  #give(split: Split, canary: CanaryRun): void {
    for (const [index, pending] of split.given) {
      pending.leave()
      const origin = { ...this.#originOf(split), mirrored: true }
      const standIn = this.#standIn({
        ...{ client: pending, origin, other: canary.otherOf(index) },
        timeoutMs: this.#leftMs(pending.deadlineAtMs),
      })
      canary.give({ index, pending, standIn })
    }
  }

  /** The candidate's requests go to its queue; the others stay. */
  #handOver(split: Split): RoutedBatch {
    for (const [, pending] of split.given) pending.leave()
    const requests = split.batch.requests.filter(({ isAway }) => !isAway)
    for (const [, pending] of split.given) this.#handOverOne(pending, split)
    return { requests, mirrored: false, began: () => {}, answered: () => {} }
  }

  #handOverOne(pending: PendingRequest, split: Split): void {
    const { batch, candidate, lane } = split
    const { request, deadlineAtMs } = pending
    const standIn = this.#standIn({
      client: pending,
      origin: this.#originOf(split),
      other: {
        ask: (receiver) => {
          batch.resubmit(this.#again(request, deadlineAtMs), receiver)
          return true
        },
        isBusy: () => isBusy(this.#options.loadedAs(lane.primary)),
      },
      timeoutMs: this.#leftMs(deadlineAtMs),
    })
    try {
      const checked = candidate.validator.check(request.inputs)
      candidate.batcher.submit({ ...this.#again(request, deadlineAtMs), ...checked }, standIn)
    } catch (error) {
      // What the version that is live takes is not the caller's fault.
      standIn.refused(toPlatformError(error))
    }
  }

  #ask(
    id: ServableId,
    { request, deadlineAtMs }: { readonly request: BatchRequest; readonly deadlineAtMs: number },
    receiver: BatchReceiver,
  ): boolean {
    const other = this.#options.loadedAs(id)
    if (other === undefined) return false
    const origin = this.#trialOrigin(id, other)
    const client: BatchReceiver = {
      answered: (outputs) => receiver.answered(outputs, origin),
      failed: (error) => receiver.failed(error),
    }
    try {
      const checked = other.validator.check(request.inputs)
      other.batcher.submit({ ...this.#again(request, deadlineAtMs), ...checked }, client)
    } catch (error) {
      receiver.failed(toPlatformError(error))
    }
    return true
  }

  #standIn(given: {
    readonly client: BatchReceiver
    readonly origin: AnswerOrigin | undefined
    readonly other: OtherVersion
    /** What is left of its budget. */
    readonly timeoutMs: number
  }): StandIn {
    const { timeoutMs, ...rest } = given
    const deadlineAtMs = this.#options.clock.monotonicMs() + timeoutMs * PATIENCE
    return new StandIn({ ...rest, watch: this.#watch, deadlineAtMs })
  }

  /** The same request with what is left of its budget, for one version and no other. */
  #again(request: BatchRequest, deadlineAtMs: number): BatchRequest {
    return { ...request, live: false, timeoutMs: this.#leftMs(deadlineAtMs) }
  }

  #leftMs(deadlineAtMs: number): number {
    return Math.max(0, deadlineAtMs - this.#options.clock.monotonicMs())
  }

  #originOf({ lane, candidate }: Split): AnswerOrigin {
    return this.#trialOrigin(lane.second, candidate)
  }

  /** Of an answer by the version of the pair that `live` does not point to. */
  #trialOrigin(id: ServableId, loaded: LoadedVersion): AnswerOrigin {
    const generation = this.#options.generationOf(id.name) ?? 0
    return { servedBy: this.#options.servedBy.of(loaded, { id, variant: 'canary', generation }) }
  }
}

function isBusy(loaded: LoadedVersion | undefined): boolean {
  return loaded === undefined || loaded.batcher.load.queued * 2 > loaded.planned.runtime.maxQueue
}
