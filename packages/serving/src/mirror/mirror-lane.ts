import { type Clock, type MirrorPlan, PlatformError } from '@understudy/core'
import type { Pair, PairAnswer, RunTicket } from '../mirror-sink.ts'
import type { ServingObserver } from '../observer.ts'
import type { SuspectIsolation } from '../predict/suspect/suspect-isolation.ts'
import type { ModelServable, ServableHandle, ServableId } from '../servable.ts'
import type { MirrorableBatch, MirroredRun } from './batch-mirror.ts'
import { answersOf } from './candidate-answers.ts'
import { OnceTicket } from './once-ticket.ts'
import { RunDeadline } from './run-deadline.ts'
import { tensorBytes } from './tensor-bytes.ts'

/** What the mirror needs of a loaded candidate. */
export interface MirrorTarget {
  readonly model: ModelServable
  readonly runTimeoutMs: number
  readonly suspects: SuspectIsolation
}

export interface MirrorLimits {
  /** Runs of one model between admission and settlement. */
  readonly runsMax: number
  /** Their inputs together. */
  readonly inputBytesMax: number
}

export interface MirrorLaneOptions {
  readonly limits: MirrorLimits
  readonly acquire: (id: ServableId) => ServableHandle<MirrorTarget>
  readonly clock: Clock
  readonly observer: ServingObserver
}

interface LaneRun {
  readonly batch: MirrorableBatch
  readonly ticket: OnceTicket
  readonly inputBytes: number
  baseline: readonly PairAnswer[] | undefined
}

/**
 * The bounded queue of one mirror plan: runs the candidate, one run at a time, in the order in which the baseline answered.
 *
 * Bounds count from admission, so whether a batch is sampled depends on load alone. Every ticket ends exactly once: settled when both
 * versions answered or failed, lost when the lane closes or the candidate is taken away.
 */
export class MirrorLane {
  readonly plan: MirrorPlan
  readonly #options: MirrorLaneOptions
  readonly candidate: ServableId
  readonly #admitted = new Set<LaneRun>()
  readonly #queue: LaneRun[] = []
  #inputBytes = 0
  #begun: LaneRun | undefined
  #working = false
  #closed = false

  constructor(model: string, plan: MirrorPlan, options: MirrorLaneOptions) {
    this.plan = plan
    this.candidate = { name: model, version: plan.candidate }
    this.#options = options
  }

  hasRoom(): boolean {
    const { runsMax, inputBytesMax } = this.#options.limits
    return !this.#closed && this.#admitted.size < runsMax && this.#inputBytes < inputBytesMax
  }

  admit(batch: MirrorableBatch, ticket: RunTicket): MirroredRun {
    const { clock, observer } = this.#options
    const startedAtMs = clock.now()
    const beganMs = clock.monotonicMs()
    const inputBytes = tensorBytes(batch.inputs)
    const once = new OnceTicket(ticket, {
      failed: (error) => observer.troubled(error),
      ended: (outcome) => {
        this.#admitted.delete(run)
        this.#inputBytes -= inputBytes
        observer.mirrorRunEnded({
          ...{ model: this.candidate.name, mirror: this.plan, requests: batch.requests.length, outcome },
          ...{ startedAtMs, tookMs: clock.monotonicMs() - beganMs },
        })
      },
    })
    const run: LaneRun = { batch, ticket: once, inputBytes, baseline: undefined }
    this.#admitted.add(run)
    this.#inputBytes += inputBytes
    return { baselineAnswered: (answers) => this.#enqueue(run, answers) }
  }

  /** Loses every run that the candidate has not begun; the one that it works on may still settle. */
  close(): void {
    this.#closed = true
    for (const run of [...this.#admitted]) if (run !== this.#begun) run.ticket.lose()
    this.#queue.length = 0
  }

  #enqueue(run: LaneRun, baseline: readonly PairAnswer[]): void {
    if (run.ticket.ended) return
    run.baseline = baseline
    this.#queue.push(run)
    if (this.#working) return
    this.#working = true
    // After the live answers of this tick have been written.
    setImmediate(() => void this.#work())
  }

  async #work(): Promise<void> {
    for (let run = this.#queue.shift(); run !== undefined; run = this.#queue.shift()) {
      this.#begun = run
      if (!run.ticket.ended) await this.#runCandidate(run)
      this.#begun = undefined
    }
    this.#working = false
  }

  /** Never rejects. */
  async #runCandidate(run: LaneRun): Promise<void> {
    let handle: ServableHandle<MirrorTarget>
    try {
      handle = this.#options.acquire(this.candidate)
    } catch {
      // The candidate is not there (any more): nobody's error.
      run.ticket.lose()
      return
    }
    const onRevoked = () => run.ticket.lose()
    handle.revoked.addEventListener('abort', onRevoked, { once: true })
    const { model, runTimeoutMs, suspects } = handle.servable
    const limited = new RunDeadline(model, { id: this.candidate, runTimeoutMs, clock: this.#options.clock })
    const candidate = await answersOf(limited, { batch: run.batch, suspects, ticket: run.ticket })
    run.ticket.settle(pairs(run, candidate))
    await limited.ended()
    handle.revoked.removeEventListener('abort', onRevoked)
    handle.release()
  }
}

function pairs({ batch, baseline }: LaneRun, candidate: readonly PairAnswer[]): readonly Pair[] {
  return batch.requests.map(({ requestId, rows, inputs }, index) => ({
    ...{ requestId, rows, inputs },
    baseline: baseline?.[index] ?? missing(requestId),
    candidate: candidate[index] ?? missing(requestId),
  }))
}

function missing(requestId: string): PairAnswer {
  return { error: new PlatformError('platform.unexpected', `Request ${requestId} got no answer.`) }
}
