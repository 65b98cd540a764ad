import {
  type Clock,
  isPlatformError,
  type NamedTensors,
  PlatformError,
  type Signature,
} from '@understudy/core'
import { isSuspectError, type ModelServable, type RunResult, type ServableRole } from '@understudy/serving'
import type { VersionIncident } from './executor-events.ts'
import { HomeKeeper } from './home-keeper.ts'
import type { HomeKeeperOptions, ServableHome } from './home-keeper-options.ts'
import { incidentKindOf } from './incident-of.ts'
import type { Place } from './next-step.ts'
import { RunTimes } from './run-times.ts'

/** What decides where a version should be. */
export interface WishFacts {
  readonly role: ServableRole
  readonly runMs: number | undefined
  /** Executors that it has ended here. */
  readonly incidents: number
}

type Keeping = Omit<HomeKeeperOptions, 'wish' | 'isUrgent' | 'onLost' | 'onFailed'>

export interface OnnxServableOptions extends Keeping {
  readonly signature: Signature
  readonly batchable: boolean
  /** How long a run may wait for the replacement of a lost executor, from its own start. */
  readonly retryWithinMs: number
  /** Where the version should be. Pure. */
  readonly wish: (facts: WishFacts) => Place
  readonly runAlone: (inputs: NamedTensors) => Promise<RunResult>
  readonly clock: Clock
  readonly onIncident: (incident: VersionIncident) => void
}

/** A loaded version that outlives its executors: runs that only waited in a lost one run again in the next. */
export class OnnxServable implements ModelServable {
  readonly signature: Signature
  readonly batchable: boolean
  readonly #options: OnnxServableOptions
  readonly #keeper: HomeKeeper
  readonly #runTimes = new RunTimes()
  #waitingRuns = 0
  #incidents = 0

  constructor(options: OnnxServableOptions, home: ServableHome) {
    this.signature = options.signature
    this.batchable = options.batchable
    this.#options = options
    this.#keeper = new HomeKeeper(
      {
        ...options,
        wish: (role) => this.#wish(role),
        isUrgent: () => this.#waitingRuns > 0,
        onFailed: (error) => this.#accuse(error),
        onLost: (lost, { lastWord }) => {
          // A leak may be seen between two runs; alone in its executor, the version is the cause all the same.
          const isLeak = lastWord === 'memory' && lost.placement === 'own' && lost.openRuns === 0
          if (isLeak) this.#accuse({ code: 'onnx.memory_limit', message: LEAKED })
        },
      },
      home,
    )
  }

  /** Where it is now; undefined while a lost home is being replaced. */
  get place(): (Place & { readonly pid: number }) | undefined {
    const { home } = this.#keeper
    return home && { form: home.form, placement: home.placement, pid: home.pid }
  }

  async run(inputs: NamedTensors): Promise<RunResult> {
    const { clock, retryWithinMs } = this.#options
    const giveUpAtMs = clock.monotonicMs() + retryWithinMs
    for (;;) {
      const home = this.#keeper.home ?? (await this.#homeBefore(giveUpAtMs))
      try {
        const result = await this.#keeper.run(home, inputs)
        this.#learn(result.runTimeMs)
        return result
      } catch (error) {
        if (isSuspectError(error)) this.#accuse(error)
        // Only a run that is not to blame for the loss is lost with it under this code.
        if (!isPlatformError(error) || error.code !== 'serving.executor_lost') throw error
      }
    }
  }

  /** Tells of no incident: whoever runs a suspect knows what it came to. */
  runAlone(inputs: NamedTensors): Promise<RunResult> {
    return this.#options.runAlone(inputs)
  }

  assume(role: ServableRole): void {
    this.#keeper.assume(role)
  }

  isInLiveForm(): boolean {
    const { home } = this.#keeper
    return home !== undefined && home.form === this.#wish('live').form
  }

  /** From now on it moves to where it should be. Called once it is warm. */
  beginMoving(): void {
    this.#keeper.beginMoving()
  }

  /** Takes the version out of every executor. Runs under way fail as lost, or end in the executor that they share. Idempotent. */
  close(): Promise<void> {
    return this.#keeper.close()
  }

  async #homeBefore(giveUpAtMs: number): Promise<ServableHome> {
    const { clock } = this.#options
    this.#waitingRuns += 1
    try {
      for (;;) {
        const { home } = this.#keeper
        if (home) return home
        const leftMs = giveUpAtMs - clock.monotonicMs()
        if (this.#keeper.isClosed || leftMs <= 0) throw lost()
        const enough = new AbortController()
        await Promise.race([this.#keeper.changed, clock.sleep(leftMs, enough.signal)])
        enough.abort()
      }
    } finally {
      this.#waitingRuns -= 1
    }
  }

  #wish(role: ServableRole): Place {
    return this.#options.wish({ role, runMs: this.#runTimes.usualMs, incidents: this.#incidents })
  }

  #learn(runTimeMs: number): void {
    const before = this.#runTimes.usualMs
    this.#runTimes.add(runTimeMs)
    if (this.#runTimes.usualMs !== before) this.#keeper.look()
  }

  /** Tells of an executor that this version ended. From then on it is loaded beside no other. */
  #accuse({ code, message }: Pick<PlatformError, 'code' | 'message'>): void {
    const kind = incidentKindOf(code)
    if (kind === undefined) return
    const { id, clock, onIncident } = this.#options
    this.#incidents += 1
    onIncident({ id, kind, message, atMs: clock.now() })
    this.#keeper.look()
  }
}

const LEAKED = 'The executor exceeded its memory limit between two runs.'

function lost(): PlatformError {
  return new PlatformError(
    'serving.executor_lost',
    'The executor of this version was lost and its replacement is not ready yet.',
  )
}
