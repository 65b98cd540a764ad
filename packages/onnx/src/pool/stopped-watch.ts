import type { Clock } from '@understudy/core'
import { isStoppedBySignal } from '../process/stopped-by-signal.ts'
import type { PooledExecutor } from './pooled-executor.ts'

/** A look costs one small read for each executor. Seen twice, a stop is noticed within half a second. */
const LOOK_EVERY_MS = 250

export interface StoppedWatchOptions {
  readonly executors: () => readonly Pick<PooledExecutor, 'pid' | 'kill'>[]
  readonly clock: Clock
  /** @defaultValue asks the system; elsewhere than on Linux nothing is ever stopped */
  readonly isStopped?: ((pid: number) => Promise<boolean>) | undefined
}

/**
 * Ends executors that a signal has stopped, so that they are replaced.
 *
 * Neither such a process nor its watchdog thread runs any more; without this, only the time limit of a run would tell. What is ended so
 * is nobody's fault: its runs are run again.
 */
export class StoppedWatch {
  readonly #options: StoppedWatchOptions
  readonly #closing = new AbortController()
  #suspects = new Set<number>()
  #isRunning = false

  constructor(options: StoppedWatchOptions) {
    this.#options = options
  }

  /** Idempotent. */
  start(): void {
    if (this.#isRunning) return
    this.#isRunning = true
    void this.#run()
  }

  close(): void {
    this.#closing.abort()
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing
    for (;;) {
      await this.#options.clock.sleep(LOOK_EVERY_MS, signal)
      if (signal.aborted) return
      await this.#look()
    }
  }

  async #look(): Promise<void> {
    const { executors, isStopped = isStoppedBySignal } = this.#options
    const stopped = new Set<number>()
    for (const executor of executors()) {
      if (!(await isStopped(executor.pid))) continue
      stopped.add(executor.pid)
      if (this.#suspects.has(executor.pid)) executor.kill()
    }
    this.#suspects = stopped
  }
}
