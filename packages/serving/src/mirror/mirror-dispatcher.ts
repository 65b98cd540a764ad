import { type MirrorPlan, toPlatformError } from '@understudy/core'
import type { MirrorSink, RunTicket } from '../mirror-sink.ts'
import type { ServableId } from '../servable.ts'
import type { BatchMirror, MirrorableBatch, MirroredRun } from './batch-mirror.ts'
import { MirrorLane, type MirrorLaneOptions } from './mirror-lane.ts'

/** A node that has heard nothing for this long does not know whether the rollout still runs. */
const MIRROR_PLAN_AGE_MS_MAX = 60_000

export interface MirrorDispatcherOptions extends MirrorLaneOptions {
  readonly sink: MirrorSink
  readonly isAvailable: (id: ServableId) => boolean
  readonly planAgeMs: () => number | undefined
  /** Uniform in [0, 1). */
  readonly random: () => number
}

/** Throws the coins and keeps one lane per model that mirrors. A changed plan closes the lane of the old one. */
export class MirrorDispatcher implements BatchMirror {
  readonly #options: MirrorDispatcherOptions
  readonly #lanes = new Map<string, MirrorLane>()

  constructor(options: MirrorDispatcherOptions) {
    this.#options = options
  }

  /** What to mirror of one model from now on; null: nothing. The same plan again changes nothing. */
  setPlan(model: string, plan: MirrorPlan | null): void {
    const lane = this.#lanes.get(model)
    if (lane !== undefined && plan !== null && samePlan(lane.plan, plan)) return
    lane?.close()
    if (plan === null) this.#lanes.delete(model)
    else this.#lanes.set(model, new MirrorLane(model, plan, this.#options))
  }

  /** Models that have a mirror plan. */
  models(): readonly string[] {
    return [...this.#lanes.keys()]
  }

  admit(batch: MirrorableBatch): MirroredRun | undefined {
    const lane = this.#lanes.get(batch.id.name)
    if (lane === undefined || lane.plan.baseline !== batch.id.version) return undefined
    if (batch.liveBusy || !lane.hasRoom() || !this.#mayMirror(lane)) return undefined
    if (this.#options.random() >= lane.plan.sample) return undefined
    const ticket = this.#ticket(lane.plan, batch)
    return ticket && lane.admit(batch, ticket)
  }

  close(): void {
    for (const model of this.models()) this.setPlan(model, null)
  }

  #mayMirror(lane: MirrorLane): boolean {
    const { isAvailable, planAgeMs } = this.#options
    return (planAgeMs() ?? 0) <= MIRROR_PLAN_AGE_MS_MAX && isAvailable(lane.candidate)
  }

  #ticket(plan: MirrorPlan, batch: MirrorableBatch): RunTicket | undefined {
    try {
      return this.#options.sink.admit(
        plan,
        batch.requests.map((request) => request.requestId),
      )
    } catch (error) {
      this.#options.observer.troubled(toPlatformError(error))
      return undefined
    }
  }
}

function samePlan(a: MirrorPlan, b: MirrorPlan): boolean {
  return (
    a.rolloutId === b.rolloutId &&
    a.seriesId === b.seriesId &&
    a.step === b.step &&
    a.baseline === b.baseline &&
    a.candidate === b.candidate &&
    a.sample === b.sample &&
    JSON.stringify(a.compare) === JSON.stringify(b.compare)
  )
}
