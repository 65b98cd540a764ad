import { type Clock, systemClock } from '@understudy/core'
import type { PooledExecutor } from '../pool/pooled-executor.ts'
import { restartDelayMs, SOUND_AFTER_MS } from '../pool/restart-delay.ts'
import { StoppedWatch } from '../pool/stopped-watch.ts'
import type { ExecutorProcess } from '../process/executor-process.ts'
import type { ProcessStarter } from '../process/process-starter.ts'
import { TOOL_TIMEOUT_MS, type ToolCall } from '../process/run-tool.ts'
import { StarterLink } from './starter-link.ts'

export interface StarterOptions {
  /** The bundled starter, `dist/starter/main.mjs` of this package. */
  readonly entry: string
  readonly clock?: Clock | undefined
  /** A starter process ended that was to live on. Executors that it has started go on. */
  readonly onLost?: (() => void) | undefined
  /** How long an answer may take before another way is gone. @defaultValue 5000, and for a helper as much more as that may take */
  readonly answerTimeoutMs?: number | undefined
}

const ANSWER_TIMEOUT_MS = 5_000
const LOOKS = 2

/**
 * Forks for a process that must not: a fork blocks the one that forks for as long as the system copies what it has in memory.
 *
 * It is a help, never a need. Every request settles; where the starter process is lost, stopped or late, with undefined: then whoever asks
 * forks by himself. A lost one is started anew by the next request, after a delay that grows with each loss in a row.
 */
export class Starter implements ProcessStarter {
  readonly #options: StarterOptions
  readonly #clock: Clock
  readonly #stopped: StoppedWatch
  #link: StarterLink | undefined
  #startedAtMs = 0
  #lossesInARow = 0
  #notBeforeMs = 0
  #isClosed = false

  constructor(options: StarterOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#stopped = new StoppedWatch({ executors: () => this.#watched(), clock: this.#clock })
  }

  /** Starts the starter process: soonest is best, while this one is small. Idempotent. */
  start(): void {
    this.#current()
  }

  /** The starter process that takes requests now. */
  get pid(): number | undefined {
    return this.#link?.pid
  }

  startExecutor(command: readonly string[]): Promise<ExecutorProcess | undefined> {
    return this.#ask((link) => link.startExecutor(command))
  }

  runTool(call: ToolCall): Promise<boolean | undefined> {
    return this.#ask((link) => link.runTool(call), TOOL_TIMEOUT_MS)
  }

  /** Ends the starter process. Requests are not taken any more. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#stopped.close()
    await this.#link?.close()
  }

  async #ask<T>(ask: (link: StarterLink) => Promise<T>, moreMs = 0): Promise<T | undefined> {
    const link = this.#current()
    if (link === undefined) return undefined
    const { answerTimeoutMs = ANSWER_TIMEOUT_MS } = this.#options
    let looks = 0
    const timer = setInterval(
      () => {
        looks += 1
        // At the first look the answer may lie there unread, if this process was the one that was blocked. What it would still do for this
        // request is undone with it: sockets that nobody has end an executor.
        if (looks === LOOKS) link.kill()
      },
      (answerTimeoutMs + moreMs) / LOOKS,
    )
    try {
      return await ask(link)
    } finally {
      clearInterval(timer)
    }
  }

  #current(): StarterLink | undefined {
    if (this.#isClosed || this.#link !== undefined) return this.#link
    const nowMs = this.#clock.monotonicMs()
    if (nowMs < this.#notBeforeMs) return undefined
    this.#startedAtMs = nowMs
    this.#stopped.start()
    try {
      this.#link = new StarterLink(this.#options.entry, () => this.#lose())
    } catch {
      // Most errors of the system come as events, some are thrown.
      this.#lose()
    }
    return this.#link
  }

  #watched(): readonly Pick<PooledExecutor, 'pid' | 'kill'>[] {
    const link = this.#link
    return link?.pid === undefined ? [] : [{ pid: link.pid, kill: () => link.kill() }]
  }

  #lose(): void {
    if (this.#isClosed) return
    this.#link = undefined
    const nowMs = this.#clock.monotonicMs()
    this.#lossesInARow = nowMs - this.#startedAtMs < SOUND_AFTER_MS ? this.#lossesInARow + 1 : 1
    this.#notBeforeMs = nowMs + restartDelayMs(this.#lossesInARow)
    this.#options.onLost?.()
  }
}
