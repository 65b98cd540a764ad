import { type MirrorPlan, type NamedTensors, type PlatformError, toPlatformError } from '@understudy/core'
import type { PairAnswer, RunTicket } from '../mirror-sink.ts'
import type { ServingObserver } from '../observer.ts'
import type { ServableId } from '../servable.ts'
import { observedTicket } from './observed-ticket.ts'
import type { OnceTicket } from './once-ticket.ts'
import { type MirrorableRequest, pairedRun } from './paired-run.ts'
import { runHeld, type VersionRunner } from './run-held.ts'
import type { SamplePace } from './sample-pace.ts'
import { tensorBytes } from './tensor-bytes.ts'
import type { VersionRun } from './version-answers.ts'

export interface MirrorLaneOptions extends VersionRunner {
  /** Told of each run. */
  readonly pace: Pick<SamplePace, 'began' | 'ended'>
  readonly observer: ServingObserver
}

/** Requests of a mirrored batch that the second version answers. Either method is called, once, before it is known who ended a process. */
export interface SecondClients {
  answered(answers: readonly PairAnswer[], runTimeMs: number): void
  failed(error: PlatformError): void
}

/** A batch that was sampled, as its first version reports on it. Both return at once. */
export interface MirroredRun {
  began(inputs: NamedTensors): void
  /** After the answers have been handed out. */
  answered(answers: readonly PairAnswer[], runMs: number | null): void
}

export interface AdmittedBatch {
  readonly requests: readonly MirrorableRequest[]
  readonly ticket: RunTicket
  /** Undefined: nobody waits for the second version. */
  readonly clients?: SecondClients | undefined
}

interface LaneRun {
  readonly requests: readonly MirrorableRequest[]
  readonly clients: SecondClients | undefined
  readonly ticket: OnceTicket
  readonly inputBytes: number
  inputs: NamedTensors | undefined
  primary: VersionRun | undefined
  second: VersionRun | undefined
  /** The second version has begun it; from then on only it may lose the run. */
  hasBegun: boolean
  isRunning: boolean
}

/**
 * The bounded queue of one mirror plan. The version that `live` points to is the *primary*, which runs every batch; the other one is
 * the *second*, which runs those that were sampled: one at a time, in the order in which the primary answered, but at once where
 * clients wait for it.
 *
 * Bounds count from admission until the second version has really ended the run, so whether a batch is sampled depends on load alone.
 * Every ticket ends exactly once: settled when both versions answered or failed, lost when the lane closes or the second version is
 * taken away.
 */
export class MirrorLane {
  readonly plan: MirrorPlan
  readonly primary: ServableId
  readonly second: ServableId
  readonly #options: MirrorLaneOptions
  readonly #open = new Set<LaneRun>()
  readonly #queue: LaneRun[] = []
  readonly #ended: LaneRun[] = []
  #inputBytes = 0
  #isWorking = false
  #isSettling = false

  constructor(model: string, plan: MirrorPlan, options: MirrorLaneOptions) {
    const { baseline, candidate } = plan
    const [primary, second] = plan.candidateShare < 1 ? [baseline, candidate] : [candidate, baseline]
    this.plan = plan
    this.primary = { name: model, version: primary }
    this.second = { name: model, version: second }
    this.#options = options
  }

  /** Runs that have not ended. */
  get openRuns(): number {
    return this.#open.size
  }

  /** Inputs of those. */
  get openBytes(): number {
    return this.#inputBytes
  }

  /** No run waits for the second version, and none is with it. */
  get isIdle(): boolean {
    return this.#open.size === 0
  }

  admit({ requests, ticket, clients }: AdmittedBatch): MirroredRun {
    const inputBytes = requests.reduce((sum, { inputs }) => sum + tensorBytes(inputs), 0)
    const run: LaneRun = {
      ...{ requests, clients, inputBytes, inputs: undefined, primary: undefined, second: undefined },
      ...{ hasBegun: false, isRunning: false },
      ticket: observedTicket(
        ticket,
        { model: this.second.name, mirror: this.plan, requests: requests.length },
        { ...this.#options, onEnd: () => this.#close(run) },
      ),
    }
    this.#open.add(run)
    this.#options.pace.began()
    this.#inputBytes += inputBytes
    return {
      began: (inputs) => {
        run.inputs = inputs
        if (clients !== undefined) void this.#runSecond(run, inputs)
      },
      answered: (answers, runMs) => this.#primaryAnswered(run, { answers, runMs }),
    }
  }

  /** Loses every run that the second version has not begun; those that it works on may still settle, and clients of theirs are answered. */
  close(): void {
    for (const run of [...this.#open]) if (!run.hasBegun) run.ticket.lose()
    this.#queue.length = 0
  }

  #primaryAnswered(run: LaneRun, primary: VersionRun): void {
    run.primary = primary
    if (run.inputs === undefined) {
      run.clients?.failed(toPlatformError(new Error('The batch could not be put together.')))
      run.ticket.lose()
    } else if (run.hasBegun) this.#completed(run)
    else if (!run.ticket.ended) this.#enqueue(run)
  }

  #enqueue(run: LaneRun): void {
    this.#queue.push(run)
    if (this.#isWorking) return
    this.#isWorking = true
    // After the live answers of this tick have been written.
    setImmediate(() => void this.#work())
  }

  async #work(): Promise<void> {
    for (let run = this.#queue.shift(); run !== undefined; run = this.#queue.shift()) {
      if (!run.ticket.ended && run.inputs !== undefined) await this.#runSecond(run, run.inputs)
    }
    this.#isWorking = false
  }

  /** Never rejects. */
  async #runSecond(run: LaneRun, inputs: NamedTensors): Promise<void> {
    const { requests, clients, ticket } = run
    run.hasBegun = true
    run.isRunning = true
    const { clock, pace } = this.#options
    const beganMs = clock.monotonicMs()
    let modelMs = 0
    await runHeld(this.#options, {
      ...{ id: this.second, batch: { requests, inputs } },
      isVoid: () => ticket.ended,
      onRun: (answers, runTimeMs) => {
        modelMs = runTimeMs
        clients?.answered(answers, runTimeMs)
      },
      onEnd: (second) => {
        run.second = second
        // What it costs the processor; a wait for its turn costs nothing. Of a run that was given up only its time is known.
        pace.ended(modelMs > 0 ? modelMs : clock.monotonicMs() - beganMs)
        this.#completed(run)
      },
      onLost: (reason) => {
        clients?.failed(toPlatformError(reason))
        if (run.second === undefined) ticket.lose()
      },
    })
    run.isRunning = false
    this.#close(run)
  }

  #completed(run: LaneRun): void {
    if (run.primary === undefined || run.second === undefined || run.ticket.ended) return
    this.#ended.push(run)
    if (this.#isSettling) return
    this.#isSettling = true
    setImmediate(() => {
      this.#isSettling = false
      for (const run of this.#ended.splice(0)) this.#settle(run)
    })
  }

  #settle({ requests, inputs, primary, second, ticket }: LaneRun): void {
    if (inputs === undefined || primary === undefined || second === undefined) return
    const isReversed = this.primary.version === this.plan.candidate
    const [baseline, candidate] = isReversed ? [second, primary] : [primary, second]
    ticket.settle(pairedRun({ requests, inputs, baseline, candidate }))
  }

  #close(run: LaneRun): void {
    if (run.isRunning || !run.ticket.ended || !this.#open.delete(run)) return
    this.#inputBytes -= run.inputBytes
  }
}
