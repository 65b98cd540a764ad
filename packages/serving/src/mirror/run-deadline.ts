import { type Clock, type NamedTensors, PlatformError, versionName } from '@understudy/core'
import type { ModelServable, RunResult, ServableId } from '../servable.ts'

/**
 * The same servable with a limit on each run: later than `runTimeoutMs` it counts as failed with `serving.run_timeout`, whether or not the
 * executor has noticed.
 */
export class RunDeadline implements ModelServable {
  readonly #servable: ModelServable
  readonly #options: { readonly id: ServableId; readonly clock: Clock; readonly runTimeoutMs: number }
  readonly #started: Promise<unknown>[] = []

  constructor(
    servable: ModelServable,
    options: { readonly id: ServableId; readonly clock: Clock; readonly runTimeoutMs: number },
  ) {
    this.#servable = servable
    this.#options = options
  }

  get signature() {
    return this.#servable.signature
  }

  get batchable(): boolean {
    return this.#servable.batchable
  }

  async run(inputs: NamedTensors): Promise<RunResult> {
    const { id, clock, runTimeoutMs } = this.#options
    const stopTimer = new AbortController()
    const run = this.#servable.run(inputs)
    this.#started.push(run)
    try {
      const result = await Promise.race([run, clock.sleep(runTimeoutMs, stopTimer.signal)])
      if (result !== undefined) return result
      const name = versionName(id.name, id.version)
      throw new PlatformError('serving.run_timeout', `${name} ran longer than ${runTimeoutMs} ms.`)
    } finally {
      stopTimer.abort()
    }
  }

  /** Resolves when every run has really ended, also those that were given up. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#started)
  }
}
