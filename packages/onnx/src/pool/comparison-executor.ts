import type { NamedTensors, PlatformError } from '@understudy/core'
import { toPlatformError } from '@understudy/core'
import type { RunResult } from '@understudy/serving'
import type { ModelForm } from '../frames/frame.ts'
import type { ExecutorHost, HomeRequest } from './executor-host.ts'
import type { Home } from './home.ts'

/** One version of a pair. */
export type ComparedVersion = Pick<HomeRequest, 'path' | 'reservedBytes'>

export interface ComparisonExecutorOptions {
  readonly baseline: ComparedVersion
  readonly candidate: ComparedVersion
  /** Of both. */
  readonly form: ModelForm
  readonly intraOpThreads: number
  readonly loadLimitMs: number
  readonly runTimeoutMs: number
  /** Opens an executor that nobody else lives in; see `ExecutorPool.open`. */
  readonly open: (signal: AbortSignal) => Promise<ExecutorHost>
}

export type ComparedRun = RunResult | { readonly error: PlatformError }

/**
 * One executor that holds two versions in the same form with the same threads, so that their run times can be compared.
 *
 * Comparisons happen one after the other. A lost executor is opened again by the next comparison.
 */
export class ComparisonExecutor {
  readonly #options: ComparisonExecutorOptions
  readonly #closing = new AbortController()
  #last: Promise<unknown> = Promise.resolve()
  #pair: { readonly host: ExecutorHost; readonly baseline: Home; readonly candidate: Home } | undefined

  constructor(options: ComparisonExecutorOptions) {
    this.#options = options
  }

  /**
   * Runs the inputs on both versions, in the order that the coin says. What a version fails is data; where the first run ended the
   * executor, the second has `serving.executor_lost` and says nothing about its version.
   *
   * @throws PlatformError `serving.cancelled`, and the codes of a load
   */
  compare(
    inputs: NamedTensors,
    coin: 'baselineFirst' | 'candidateFirst',
  ): Promise<{ readonly baseline: ComparedRun; readonly candidate: ComparedRun }> {
    const turn = this.#last.then(() => this.#compare(inputs, coin))
    this.#last = turn.catch(() => {})
    return turn
  }

  /** Ends the executor. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#pair?.host.end()
    await this.#last
  }

  async #compare(inputs: NamedTensors, coin: 'baselineFirst' | 'candidateFirst') {
    const pair = await this.#opened()
    const run = (home: Home): Promise<ComparedRun> =>
      home.run(inputs, this.#options.runTimeoutMs).catch((error) => ({ error: toPlatformError(error) }))
    if (coin === 'baselineFirst') {
      const baseline = await run(pair.baseline)
      return { baseline, candidate: await run(pair.candidate) }
    }
    const candidate = await run(pair.candidate)
    return { baseline: await run(pair.baseline), candidate }
  }

  async #opened() {
    if (this.#pair?.host.isAlive) return this.#pair
    const { baseline, candidate, form, intraOpThreads, loadLimitMs: limitMs, open } = this.#options
    const { signal } = this.#closing
    const host = await open(signal)
    const rest = { form, intraOpThreads, limitMs, signal, placement: 'shared', haste: 'behind' } as const
    try {
      this.#pair = {
        host,
        baseline: await host.settle({ ...rest, ...baseline }),
        candidate: await host.settle({ ...rest, ...candidate }),
      }
      return this.#pair
    } catch (error) {
      await host.end()
      throw error
    }
  }
}
