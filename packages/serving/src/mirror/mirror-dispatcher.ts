import { isDeepStrictEqual } from 'node:util'
import { type MirrorPlan, toPlatformError } from '@understudy/core'
import type { MirrorSink, RunTicket } from '../mirror-sink.ts'
import type { BatchLoad } from '../predict/batch-router.ts'
import type { RequestLoad } from '../predict/micro-batcher.ts'
import type { BatchRequest } from '../predict/pending-request.ts'
import type { ReplayedRequest, ReplayOutcome } from '../request-keepers.ts'
import type { ServableId } from '../servable.ts'
import { decideSample, type SampleLimits } from './decide-sample.ts'
import { type MirroredRun, MirrorLane, type MirrorLaneOptions, type SecondClients } from './mirror-lane.ts'
import { ReplayQueue } from './replay-queue.ts'
import { SamplePace } from './sample-pace.ts'
import { segmentOf } from './segment-of.ts'

/** A node that has heard nothing for this long does not know whether the rollout still runs. */
const MIRROR_PLAN_AGE_MS_MAX = 60_000
/** Of one model, however many are mirrored at once. */
const RUNS_PER_SECOND_MIN = 2

export interface MirrorDispatcherOptions extends Omit<MirrorLaneOptions, 'pace'> {
  readonly limits: SampleLimits
  readonly sink: MirrorSink
  readonly isAvailable: (id: ServableId) => boolean
  /** What clients ask of a version at this moment; undefined when it is not loaded. */
  readonly liveLoadOf: (id: ServableId) => RequestLoad | undefined
  readonly planAgeMs: () => number | undefined
  /** Share of the time, 0 to 1, in which the loop was busy lately. */
  readonly loopBusyShare: () => number
  /** Uniform in [0, 1). */
  readonly random: () => number
}

/** A batch of live requests that is about to run on the first version of a lane. */
export interface MirrorableBatch {
  readonly requests: readonly BatchRequest[]
  readonly load: BatchLoad
  /** Requests that the second version answers, when the batch is sampled. */
  readonly clients?: SecondClients | undefined
}

interface Mirrored {
  readonly lane: MirrorLane
  readonly pace: SamplePace
  readonly replays: ReplayQueue
}

/** Throws the coins and keeps one lane per model that mirrors. A changed plan closes the lane of the old one. */
export class MirrorDispatcher {
  readonly #options: MirrorDispatcherOptions
  readonly #mirrored = new Map<string, Mirrored>()

  constructor(options: MirrorDispatcherOptions) {
    this.#options = options
  }

  /** What to mirror of one model from now on; null: nothing. The same plan again changes nothing. */
  setPlan(model: string, plan: MirrorPlan | null): void {
    const known = this.#mirrored.get(model)
    if (known !== undefined && isDeepStrictEqual(known.lane.plan, plan)) return
    known?.replays.close()
    known?.lane.close()
    if (plan === null) this.#mirrored.delete(model)
    else this.#mirrored.set(model, this.#begin(model, plan))
  }

  /** The lane of a model, when `live` is expected to point to this version of it. */
  laneOf({ name, version }: ServableId): MirrorLane | undefined {
    const lane = this.#mirrored.get(name)?.lane
    return lane?.primary.version === version ? lane : undefined
  }

  /** Throws the coin for one batch, before it runs. Synchronous and never throws; undefined: not sampled. */
  admit(lane: MirrorLane, batch: MirrorableBatch): MirroredRun | undefined {
    const ticket = this.#isSampled(lane, batch) ? this.#ticketOf(lane, batch.requests) : undefined
    const { requests, clients } = batch
    this.#contained(() => this.#options.sink.passed(lane.plan, requests.length, ticket !== undefined))
    return ticket && lane.admit({ requests, ticket, clients })
  }

  /** Runs a request of earlier through both versions of the lane of this plan. Never rejects. */
  async replay(mirror: MirrorPlan, request: ReplayedRequest): Promise<ReplayOutcome> {
    for (const { lane, replays } of this.#mirrored.values()) {
      if (lane.plan.seriesId === mirror.seriesId && lane.plan.step === mirror.step) {
        return await replays.replay(request)
      }
    }
    return 'refused'
  }

  close(): void {
    for (const model of [...this.#mirrored.keys()]) this.setPlan(model, null)
  }

  #begin(model: string, plan: MirrorPlan): Mirrored {
    const pace = new SamplePace(this.#options.clock, () => this.#runsPerSecond())
    const lane = new MirrorLane(model, plan, { ...this.#options, pace })
    const replays = new ReplayQueue({
      ...{ lane, runner: this.#options },
      isBusy: () => this.#isBusy(lane),
      isAllowed: () => this.#mayMirror(lane),
      admit: (requestId) => this.#admitted(lane.plan, [{ requestId, segment: '' }], 'replay'),
    })
    return { lane, pace, replays }
  }

  /** Models share what mirroring may take of the node, which is less the busier it is; none gets so little that it never comes to a verdict. */
  #runsPerSecond(): number {
    const { limits, loopBusyShare } = this.#options
    return Math.max(RUNS_PER_SECOND_MIN, (limits.runsPerSecond * (1 - loopBusyShare())) / this.#mirrored.size)
  }

  #isSampled(lane: MirrorLane, { load }: MirrorableBatch): boolean {
    if (!this.#mayMirror(lane)) return false
    const { openRuns: backlog, openBytes: backlogBytes } = lane
    const allowance = this.#mirrored.get(lane.second.name)?.pace.allowance ?? 0
    const facts = { ...load, backlog, backlogBytes, allowance }
    const chance = decideSample(lane.plan.sample, facts, this.#options.limits)
    return chance > 0 && this.#options.random() < chance
  }

  #mayMirror(lane: MirrorLane): boolean {
    const { isAvailable, planAgeMs } = this.#options
    return (planAgeMs() ?? 0) <= MIRROR_PLAN_AGE_MS_MAX && isAvailable(lane.second)
  }

  #isBusy(lane: MirrorLane): boolean {
    const load = this.#options.liveLoadOf(lane.primary)
    return !lane.isIdle || (load !== undefined && load.queued + load.inFlight > 0)
  }

  #ticketOf({ plan }: MirrorLane, requests: readonly BatchRequest[]): RunTicket | undefined {
    const admitted = requests.map(({ requestId, header }) => ({
      requestId,
      segment: segmentOf(header, plan.segmentHeader),
    }))
    return this.#admitted(plan, admitted, 'live')
  }

  #admitted(...[mirror, requests, source]: Parameters<MirrorSink['admit']>): RunTicket | undefined {
    return this.#contained(() => this.#options.sink.admit(mirror, requests, source))
  }

  #contained<R>(tell: () => R): R | undefined {
    try {
      return tell()
    } catch (error) {
      this.#options.observer.troubled(toPlatformError(error))
      return undefined
    }
  }
}
