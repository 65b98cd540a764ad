import { type Clock, type PlatformError, toPlatformError } from '@understudy/core'
import { cancelled } from './cancelled.ts'
import type { PooledExecutor } from './pooled-executor.ts'
import { restartDelayMs } from './restart-delay.ts'

/**
 * `now`: someone waits for an answer, or for a version. `soon`: the same, but the last spare is left to those. `behind`: it is prepared behind
 * the traffic; what is started for it gives way.
 */
export type Haste = 'now' | 'soon' | 'behind'

export interface SpareShelfOptions {
  /** Starts an executor without a model, behind everything else until `hurry` is aborted. */
  readonly start: (hurry: AbortSignal) => Promise<PooledExecutor>
  /** How many stand ready. */
  readonly spares: number
  readonly clock: Clock
  readonly onStartFailed: (error: PlatformError) => void
}

interface Waiter {
  readonly haste: Haste
  readonly resolve: (executor: PooledExecutor) => void
  readonly reject: (error: unknown) => void
}

/** Each start is most of a processor for a quarter of a second. */
const STARTS_AT_ONCE_MAX = 2
/** An idle process answers within a millisecond; one that has been stopped never. */
const PROBE_LIMIT_MS = 250

/**
 * Executors that wait for a model, started before they are needed: a start costs a quarter of a second, which a lost version has not.
 *
 * Whoever takes one gets a process that has just answered. What is taken is replaced behind the traffic, unless someone waits for it.
 */
export class SpareShelf {
  readonly #options: SpareShelfOptions
  readonly #closing = new AbortController()
  readonly #ready: PooledExecutor[] = []
  readonly #waiters: Waiter[] = []
  /** Each with the way to hurry it up. */
  readonly #starts = new Map<Promise<void>, AbortController>()
  #failuresInARow = 0
  #isPaused = false

  constructor(options: SpareShelfOptions) {
    this.#options = options
  }

  /** Executors that stand ready now. */
  get readyCount(): number {
    return this.#ready.length
  }

  /** Those that stand ready now. */
  get spares(): readonly PooledExecutor[] {
    return this.#ready
  }

  get pids(): readonly number[] {
    return this.#ready.map(({ pid }) => pid)
  }

  /** Starts spares. Idempotent. */
  fill(): void {
    while (!this.#closing.signal.aborted && !this.#isPaused && this.#starts.size < this.#startsWanted()) {
      const hurry = new AbortController()
      const start = this.#startOne(hurry.signal).finally(() => {
        this.#starts.delete(start)
        this.fill()
      })
      this.#starts.set(start, hurry)
    }
    if (this.#waiters.some(({ haste }) => haste !== 'behind')) {
      for (const hurry of this.#starts.values()) hurry.abort()
    }
  }

  /**
   * A spare, or the next one that is ready. Who cannot wait goes first.
   *
   * @throws PlatformError `onnx.executor_unavailable`, `serving.cancelled`
   */
  async take(haste: Haste, signal: AbortSignal): Promise<PooledExecutor> {
    for (;;) {
      if (signal.aborted || this.#closing.signal.aborted) throw cancelled()
      const kept = haste === 'now' ? 0 : this.#options.spares
      const spare = this.#ready.length > kept ? this.#ready.shift() : undefined
      if (spare === undefined) return await this.#next(haste, signal)
      this.fill()
      if (await this.#answers(spare)) return spare
      spare.kill()
    }
  }

  /** Ends every spare, and what is being started. Waiters are refused. */
  async close(): Promise<void> {
    this.#closing.abort()
    for (const waiter of this.#waiters.splice(0)) waiter.reject(cancelled())
    await Promise.all([...this.#starts.keys(), ...this.#ready.splice(0).map((spare) => end(spare))])
  }

  #startsWanted(): number {
    const missing = this.#waiters.length + this.#options.spares - this.#ready.length
    return Math.min(STARTS_AT_ONCE_MAX, missing)
  }

  #next(haste: Haste, signal: AbortSignal): Promise<PooledExecutor> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        const at = this.#waiters.indexOf(waiter)
        if (at >= 0) this.#waiters.splice(at, 1)
        reject(cancelled())
      }
      const settle = () => signal.removeEventListener('abort', leave)
      const waiter: Waiter = {
        haste,
        resolve: (executor) => {
          settle()
          resolve(executor)
        },
        reject: (error) => {
          settle()
          reject(error)
        },
      }
      signal.addEventListener('abort', leave, { once: true })
      this.#waiters.push(waiter)
      this.#isPaused = false
      this.fill()
    })
  }

  /** Never rejects. */
  async #startOne(hurry: AbortSignal): Promise<void> {
    try {
      const executor = await this.#options.start(hurry)
      this.#failuresInARow = 0
      await this.#hand(executor)
    } catch (error) {
      this.#failuresInARow += 1
      const failure = toPlatformError(error)
      this.#options.onStartFailed(failure)
      this.#firstWaiter()?.reject(failure)
      await this.#pause()
    }
  }

  async #hand(executor: PooledExecutor): Promise<void> {
    if (this.#closing.signal.aborted) return await end(executor)
    const waiter = this.#firstWaiter()
    if (waiter) {
      waiter.resolve(executor)
      return
    }
    this.#ready.push(executor)
    void executor.exited.then(() => {
      const at = this.#ready.indexOf(executor)
      if (at < 0) return
      this.#ready.splice(at, 1)
      this.fill()
    })
  }

  /** Takes out the waiter whose turn it is. */
  #firstWaiter(): Waiter | undefined {
    for (const first of ['now', 'soon']) {
      const at = this.#waiters.findIndex(({ haste }) => haste === first)
      if (at >= 0) return this.#waiters.splice(at, 1)[0]
    }
    return this.#waiters.shift()
  }

  /** Nobody is helped by starts that fail as fast as they can; who needs an executor tries at once all the same. */
  async #pause(): Promise<void> {
    if (this.#waiters.length > 0) return
    this.#isPaused = true
    void this.#options.clock
      .sleep(Math.max(100, restartDelayMs(this.#failuresInARow)), this.#closing.signal)
      .then(() => {
        this.#isPaused = false
        this.fill()
      })
  }

  async #answers(spare: PooledExecutor): Promise<boolean> {
    if (!spare.isAlive) return false
    const enough = new AbortController()
    const answer = spare.ping().then(
      () => true,
      () => false,
    )
    const late = this.#options.clock.sleep(PROBE_LIMIT_MS, enough.signal).then(() => false)
    const isSound = await Promise.race([answer, late])
    enough.abort()
    return isSound
  }
}

async function end(executor: PooledExecutor): Promise<void> {
  executor.kill()
  await executor.exited
}
