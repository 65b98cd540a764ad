import {
  type Clock,
  isPlatformError,
  type NamedTensors,
  PlatformError,
  type Signature,
  toPlatformError,
} from '@understudy/core'
import type { ModelServable, RunResult } from '@understudy/serving'
import type { ExecutorClient } from '../process/executor-client.ts'
import type { ExecutorExit } from '../process/executor-exit.ts'
import { Change } from './change.ts'
import { restartDelayMs, SOUND_AFTER_MS } from './restart-delay.ts'

/** An executor with the model loaded, as far as the servable needs it. */
export type RunningExecutor = Pick<ExecutorClient, 'run' | 'isAlive' | 'exited' | 'pid' | 'close'>

export interface OnnxServableOptions {
  readonly signature: Signature
  readonly batchable: boolean
  /** After this much running the watchdog ends the executor. */
  readonly runTimeoutMs: number
  /** How long a run may wait for the replacement of a lost executor, from its own start. */
  readonly retryWithinMs: number
  /** Starts, loads and warms another executor. */
  readonly replace: (signal: AbortSignal) => Promise<RunningExecutor>
  readonly clock: Clock
  readonly onEvent: (
    event:
      | { readonly type: 'lost'; readonly pid: number; readonly exit: ExecutorExit }
      | { readonly type: 'replaced'; readonly pid: number; readonly tookMs: number }
      | { readonly type: 'replacementFailed'; readonly error: PlatformError },
  ) => void
}

/** A run that was being carried out in so many crashes is taken for their cause. */
const MAX_CRASHES_PER_RUN = 2

/**
 * A loaded version that outlives its executor.
 *
 * A lost executor is replaced by itself, with growing delays. A run that is lost with it runs again on the replacement, once, if that
 * is ready in time; a run that only waited behind the lost one is not counted as suspect. A run that exceeded its time is not repeated.
 */
export class OnnxServable implements ModelServable {
  readonly signature: Signature
  readonly batchable: boolean
  readonly #options: OnnxServableOptions
  readonly #closing = new AbortController()
  #executor: RunningExecutor
  #startedAtMs: number
  #failuresInARow = 0
  #replacing: Promise<void> = Promise.resolve()
  /** Settles when the state changes: another executor is ready, or the servable is closed. */
  #change = new Change()

  constructor(options: OnnxServableOptions, executor: RunningExecutor) {
    this.signature = options.signature
    this.batchable = options.batchable
    this.#options = options
    this.#executor = executor
    this.#startedAtMs = options.clock.monotonicMs()
    this.#watch(executor)
  }

  async run(inputs: NamedTensors): Promise<RunResult> {
    const giveUpAtMs = this.#options.clock.monotonicMs() + this.#options.retryWithinMs
    let crashes = 0
    for (;;) {
      const executor = await this.#executorBefore(giveUpAtMs)
      try {
        return await executor.run(inputs, this.#options.runTimeoutMs)
      } catch (error) {
        if (!isLoss(error)) throw asRunError(error)
        if (error.details.wasRunning !== false) crashes += 1
        if (crashes >= MAX_CRASHES_PER_RUN) throw error
      }
    }
  }

  /** Ends the executor and every attempt to replace it. Runs under way fail as lost. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#change.happen()
    await Promise.all([this.#executor.close(), this.#replacing])
  }

  async #executorBefore(giveUpAtMs: number): Promise<RunningExecutor> {
    while (!this.#executor.isAlive || this.#closing.signal.aborted) {
      const leftMs = giveUpAtMs - this.#options.clock.monotonicMs()
      if (this.#closing.signal.aborted || leftMs <= 0) throw lost()
      const enough = new AbortController()
      await Promise.race([this.#change.happened, this.#options.clock.sleep(leftMs, enough.signal)])
      enough.abort()
    }
    return this.#executor
  }

  #watch(executor: RunningExecutor): void {
    void executor.exited.then((exit) => {
      if (this.#closing.signal.aborted) return
      this.#options.onEvent({ type: 'lost', pid: executor.pid, exit })
      const livedMs = this.#options.clock.monotonicMs() - this.#startedAtMs
      this.#failuresInARow = livedMs >= SOUND_AFTER_MS ? 1 : this.#failuresInARow + 1
      this.#replacing = this.#replace()
    })
  }

  /** Tries until there is another executor or the servable is closed. Never rejects. */
  async #replace(): Promise<void> {
    const { clock, onEvent, replace } = this.#options
    const { signal } = this.#closing
    const lostAtMs = clock.monotonicMs()
    for (;;) {
      const delayMs = restartDelayMs(this.#failuresInARow)
      if (delayMs > 0) await clock.sleep(delayMs, signal)
      if (signal.aborted) return
      try {
        const executor = await replace(signal)
        if (signal.aborted) {
          await executor.close()
          return
        }
        this.#adopt(executor)
        onEvent({ type: 'replaced', pid: this.#executor.pid, tookMs: clock.monotonicMs() - lostAtMs })
        return
      } catch (error) {
        if (signal.aborted) return
        this.#failuresInARow += 1
        onEvent({ type: 'replacementFailed', error: toPlatformError(error) })
      }
    }
  }

  #adopt(executor: RunningExecutor): void {
    this.#executor = executor
    this.#startedAtMs = this.#options.clock.monotonicMs()
    this.#watch(executor)
    const change = this.#change
    this.#change = new Change()
    change.happen()
  }
}

function isLoss(error: unknown): error is PlatformError {
  return (
    isPlatformError(error) && (error.code === 'serving.executor_lost' || error.code === 'onnx.frame_invalid')
  )
}

/** The codes of {@link ModelServable.run}: a model that asks for too much memory has failed on this input. */
function asRunError(error: unknown): PlatformError {
  const known = toPlatformError(error)
  if (known.code !== 'onnx.memory_limit') return known
  return new PlatformError('onnx.run_failed', known.message, { cause: known, details: known.details })
}

function lost(): PlatformError {
  return new PlatformError(
    'serving.executor_lost',
    'The executor of this version was lost and its replacement is not ready yet.',
  )
}
