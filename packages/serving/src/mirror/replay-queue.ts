import type { NamedTensors } from '@understudy/core'
import type { RunTicket } from '../mirror-sink.ts'
import type { ServingObserver } from '../observer.ts'
import type { ReplayedRequest, ReplayOutcome } from '../request-keepers.ts'
import type { ServableId } from '../servable.ts'
import type { MirrorLane } from './mirror-lane.ts'
import { observedTicket } from './observed-ticket.ts'
import { pairedRun } from './paired-run.ts'
import { runHeld, type VersionRunner } from './run-held.ts'
import type { VersionRun } from './version-answers.ts'

/** Replayed requests that may wait for their turn. */
const WAITING_MAX = 256
/** Between two looks whether clients ask for nothing. */
const LOOK_MS = 5
/** Live traffic within this time: replay keeps to a tenth of the time. */
const QUIET_MS = 1_000
const PAUSE_OF_TOOK = 9
const PAUSE_MS_MAX = 5_000

export interface ReplayQueueOptions {
  readonly lane: MirrorLane
  readonly runner: VersionRunner & { readonly observer: ServingObserver }
  /** A client waits for the model at this moment, or a live pair is under way. */
  readonly isBusy: () => boolean
  /** Both versions may be compared at this moment. */
  readonly isAllowed: () => boolean
  readonly admit: (requestId: string) => RunTicket | undefined
}

/**
 * Runs requests of earlier through both versions, one at a time and only while no client waits for the model; beside traffic it keeps
 * to a tenth of the time. What has not begun when its plan ends is refused, which says that it may be replayed another time.
 */
export class ReplayQueue {
  readonly #options: ReplayQueueOptions
  readonly #closing = new AbortController()
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #busyAtMs = Number.NEGATIVE_INFINITY

  constructor(options: ReplayQueueOptions) {
    this.#options = options
  }

  /** Never rejects. */
  replay(request: ReplayedRequest): Promise<ReplayOutcome> {
    if (this.#waiting >= WAITING_MAX) return Promise.resolve('refused')
    this.#waiting += 1
    const turn = this.#last.then(() => this.#inTurn(request))
    this.#last = turn.then((outcome) => this.#pause(outcome))
    return turn.then(({ outcome }) => outcome)
  }

  close(): void {
    this.#closing.abort()
  }

  async #inTurn(request: ReplayedRequest): Promise<Turn> {
    const { clock } = this.#options.runner
    const { signal } = this.#closing
    while (!signal.aborted && this.#isBusy()) await clock.sleep(LOOK_MS, signal)
    this.#waiting -= 1
    const beganMs = clock.monotonicMs()
    const outcome = signal.aborted ? 'refused' : await this.#run(request)
    return { outcome, tookMs: clock.monotonicMs() - beganMs }
  }

  #isBusy(): boolean {
    const isBusy = this.#options.isBusy()
    if (isBusy) this.#busyAtMs = this.#options.runner.clock.monotonicMs()
    return isBusy
  }

  /** Leaves most of the time to clients, when there are any. */
  async #pause({ tookMs }: Turn): Promise<void> {
    const { clock } = this.#options.runner
    if (clock.monotonicMs() - this.#busyAtMs > QUIET_MS) return
    await clock.sleep(Math.min(PAUSE_MS_MAX, tookMs * PAUSE_OF_TOOK), this.#closing.signal)
  }

  async #run({ requestId, rows, inputs }: ReplayedRequest): Promise<ReplayOutcome> {
    const { lane, isAllowed, admit, runner } = this.#options
    if (!isAllowed()) return 'refused'
    const checked = this.#checked(inputs)
    if (checked === undefined) return 'refused'
    const ticket = admit(requestId)
    if (ticket === undefined) return 'refused'
    const run = { model: lane.second.name, mirror: lane.plan, requests: 1 }
    const once = observedTicket(ticket, run, runner)
    const requests = [{ requestId, rows, inputs: checked }]
    const work = { requests, inputs: checked }
    const primary = await this.#runOn(lane.primary, work)
    const second = primary && (await this.#runOn(lane.second, work))
    if (primary === undefined || second === undefined) {
      once.lose()
      return 'lost'
    }
    const isReversed = lane.primary.version === lane.plan.candidate
    const [baseline, candidate] = isReversed ? [second, primary] : [primary, second]
    once.settle(pairedRun({ requests, inputs: checked, baseline, candidate }))
    return 'settled'
  }

  /** As clients' inputs are; undefined when the version that serves does not take them any more. */
  #checked(inputs: NamedTensors): NamedTensors | undefined {
    try {
      const handle = this.#options.runner.acquire(this.#options.lane.primary)
      try {
        return handle.servable.validator.check(inputs).inputs
      } finally {
        handle.release()
      }
    } catch {
      return undefined
    }
  }

  /** Undefined when the version was taken away. */
  async #runOn(
    id: ServableId,
    batch: { readonly requests: readonly ReplayedRequest[]; readonly inputs: NamedTensors },
  ): Promise<VersionRun | undefined> {
    let ended: VersionRun | undefined
    let isLost = false
    await runHeld(this.#options.runner, {
      ...{ id, batch },
      isVoid: () => isLost,
      onRun: () => {},
      onEnd: (run) => {
        ended = run
      },
      onLost: () => {
        isLost = true
      },
    })
    return isLost ? undefined : ended
  }
}

interface Turn {
  readonly outcome: ReplayOutcome
  readonly tookMs: number
}
