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

/** What is compared with the baseline: the candidate, or the baseline again, loaded a second time. */
export type Opponent = 'candidate' | 'baseline'

export interface ComparisonOrder {
  readonly opponent: Opponent
  /** Who runs first. */
  readonly first: 'baseline' | 'opponent'
}

export interface ComparedPair {
  readonly baseline: ComparedRun
  readonly opponent: ComparedRun
}

type Held = 'baseline' | 'twin' | 'candidate'

interface OpenedPair {
  readonly host: ExecutorHost
  readonly homes: Readonly<Record<Held, Home>>
  /** Those that have run before: the first run of a session takes longer. */
  readonly warm: Set<Held>
}

/**
 * One executor that holds two versions in the same form with the same threads, so that their run times can be compared; and the baseline
 * twice, so that the comparator's own noise can be seen. It gives way to executors whose answers somebody waits for.
 *
 * Comparisons happen one after the other. A lost executor is opened again.
 */
export class ComparisonExecutor {
  readonly #options: ComparisonExecutorOptions
  readonly #closing = new AbortController()
  #last: Promise<unknown> = Promise.resolve()
  #pair: OpenedPair | undefined

  constructor(options: ComparisonExecutorOptions) {
    this.#options = options
  }

  /**
   * Loads both versions, where they are not loaded.
   *
   * @throws PlatformError `serving.cancelled`, and the codes of a load
   */
  async open(): Promise<void> {
    await this.#inTurn(() => this.#opened())
  }

  /**
   * Runs the inputs on both. What a version fails is data. Where the first run ended the executor, the second happens in the next one; where
   * that is lost otherwise, a run has `serving.executor_lost`, which says nothing about its version.
   *
   * @throws PlatformError `serving.cancelled`, and the codes of a load
   */
  compare(inputs: NamedTensors, order: ComparisonOrder): Promise<ComparedPair> {
    const other: Held = order.opponent === 'candidate' ? 'candidate' : 'twin'
    const [first, second]: readonly [Held, Held] =
      order.first === 'baseline' ? ['baseline', other] : [other, 'baseline']
    return this.#inTurn(async () => {
      const { warm } = await this.#opened()
      const isWarm = warm.has(first) && warm.has(second)
      let runs = [await this.#run(first, inputs), await this.#run(second, inputs)] as const
      // Where one failed, there is nothing that warmth would change.
      if (!isWarm && !runs.some((run) => 'error' in run)) {
        runs = [await this.#run(first, inputs), await this.#run(second, inputs)]
      }
      const [ran, then] = runs
      return first === 'baseline' ? { baseline: ran, opponent: then } : { baseline: then, opponent: ran }
    })
  }

  /** Ends the executor. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#pair?.host.end()
    await this.#last
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => {})
    return turn
  }

  async #run(who: Held, inputs: NamedTensors): Promise<ComparedRun> {
    const { homes, warm } = await this.#opened()
    const limitMs = this.#options.runTimeoutMs
    const run = await homes[who].run(inputs, limitMs).catch((error) => ({ error: toPlatformError(error) }))
    warm.add(who)
    return run
  }

  async #opened(): Promise<OpenedPair> {
    if (this.#pair?.host.isAlive) return this.#pair
    const { baseline, candidate, form, intraOpThreads, loadLimitMs: limitMs, open } = this.#options
    const { signal } = this.#closing
    const host = await open(signal)
    const rest = { form, intraOpThreads, limitMs, signal, placement: 'shared', haste: 'behind' } as const
    try {
      await host.executor.setBackground(true)
      const homes = {
        baseline: await host.settle({ ...rest, ...baseline }),
        candidate: await host.settle({ ...rest, ...candidate }),
        twin: await host.settle({ ...rest, ...baseline }),
      }
      this.#pair = { host, homes, warm: new Set() }
      return this.#pair
    } catch (error) {
      await host.end()
      throw error
    }
  }
}
