import { type Clock, isPlatformError, type NamedTensors, PlatformError } from '@understudy/core'
import type { RunResult } from '@understudy/serving'
import type { HomeRequest } from './executor-host.ts'
import type { Home } from './home.ts'

/** A version as suspects of it are run. Two suspects of one version give the same object. */
export type AloneVersion = Omit<HomeRequest, 'signal' | 'placement' | 'haste' | 'isUrgent' | 'isBackground'>

export interface AloneRunnerOptions {
  readonly settle: (request: HomeRequest) => Promise<Home>
  readonly clock: Clock
}

export interface AloneRun {
  readonly inputs: NamedTensors
  readonly runTimeoutMs: number
  /** How long it may wait for its turn. */
  readonly waitMs: number
}

interface Entry extends AloneRun {
  readonly version: AloneVersion
  readonly giveUpAtMs: number
  readonly resolve: (result: RunResult) => void
  readonly reject: (error: unknown) => void
}

/** Suspects of one batch come together; more than a few batches of them are a flood. */
const QUEUE_MAX = 256
/** Further suspects of the same batch come within milliseconds. */
const IDLE_END_MS = 3_000
/** An executor that was lost before it came to the run, or could not load the version, is no fault of the run. */
const ATTEMPTS = 3

/**
 * Runs suspect requests one by one in a sacrificial executor, so that they can hurt nobody else: one such executor at a time, however
 * many suspects there are.
 */
export class AloneRunner {
  readonly #options: AloneRunnerOptions
  readonly #queue: Entry[] = []
  readonly #closing = new AbortController()
  #isBusy = false
  #idle: AbortController | undefined
  #place: { readonly version: AloneVersion; readonly home: Home } | undefined
  /** The last one that has run something. */
  #used: Home | undefined

  constructor(options: AloneRunnerOptions) {
    this.#options = options
  }

  /**
   * Settles with the answer, or with what became of the executor.
   *
   * @throws PlatformError `onnx.run_failed`, `onnx.run_crashed`, `serving.run_timeout`, `onnx.memory_limit`, `onnx.frame_invalid`;
   * `serving.queue_full` when there are too many suspects; `serving.executor_lost` when its turn did not come in time
   */
  run(version: AloneVersion, run: AloneRun): Promise<RunResult> {
    return new Promise((resolve, reject) => {
      if (this.#closing.signal.aborted) throw late()
      if (this.#queue.length >= QUEUE_MAX) {
        throw new PlatformError('serving.queue_full', 'Too many requests wait to be run alone.')
      }
      const giveUpAtMs = this.#options.clock.monotonicMs() + run.waitMs
      this.#queue.push({ ...run, version, giveUpAtMs, resolve, reject })
      if (!this.#isBusy) void this.#work()
    })
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#idle?.abort()
    for (const entry of this.#queue.splice(0)) entry.reject(late())
    await this.#end()
  }

  async #work(): Promise<void> {
    this.#isBusy = true
    this.#idle?.abort()
    for (let entry = this.#queue.shift(); entry; entry = this.#queue.shift()) {
      await this.#carryOut(entry).then(entry.resolve, entry.reject)
    }
    this.#isBusy = false
    void this.#endLater()
  }

  async #carryOut(entry: Entry): Promise<RunResult> {
    for (let attempt = 1; ; attempt++) {
      if (this.#options.clock.monotonicMs() > entry.giveUpAtMs) throw late()
      let home: Home | undefined
      let isFresh = true
      try {
        home = await this.#homeOf(entry.version)
        isFresh = home !== this.#used
        this.#used = home
        return await home.run(entry.inputs, entry.runTimeoutMs)
      } catch (error) {
        const isItsOwn = home !== undefined && isOwnFault(error, isFresh)
        if (isItsOwn || attempt >= ATTEMPTS || this.#closing.signal.aborted) throw error
      }
    }
  }

  async #homeOf(version: AloneVersion): Promise<Home> {
    if (this.#place?.version === version && this.#place.home.isAlive) return this.#place.home
    await this.#end()
    const { signal } = this.#closing
    const request = { ...version, placement: 'own', haste: 'soon', isBackground: true, signal } as const
    const home = await this.#options.settle(request)
    await home.setBackground(false)
    this.#place = { version, home }
    return home
  }

  async #endLater(): Promise<void> {
    const idle = new AbortController()
    this.#idle = idle
    await this.#options.clock.sleep(IDLE_END_MS, idle.signal)
    if (!idle.signal.aborted && !this.#isBusy) await this.#end()
  }

  async #end(): Promise<void> {
    const place = this.#place
    this.#place = undefined
    await place?.home.evict()
  }
}

/** Memory that was missing where others ran before may have been kept by those. */
function isOwnFault(error: unknown, isFresh: boolean): boolean {
  if (!isPlatformError(error)) return true
  return error.code !== 'serving.executor_lost' && (isFresh || error.code !== 'onnx.memory_limit')
}

function late(): PlatformError {
  return new PlatformError(
    'serving.executor_lost',
    'This request ended an executor, perhaps, and could not be run alone in time.',
  )
}
