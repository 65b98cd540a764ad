import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { type Clock, PlatformError } from '@understudy/core'
import { endLeftover } from '@understudy/db/guard'
import { BoundedLog } from './bounded-log.ts'
import type { ChildSpec } from './child-spec.ts'
import { planRestart } from './plan-restart.ts'
import { isReadyLine } from './ready-line.ts'

type Running = ChildProcessByStdio<Writable, Readable, Readable>

export interface SupervisedChildOptions {
  readonly logFile: string
  readonly clock: Clock
  /** One line for the person at the terminal. */
  readonly report: (line: string) => void
}

/**
 * Keeps one child process running until it is stopped: in a process group of its own, its stdin a pipe that closes with us,
 * its output in a bounded log, restarted when it ends unasked.
 *
 * Call `start` once, then `stop` or `kill`.
 */
export class SupervisedChild {
  readonly #spec: ChildSpec
  readonly #options: SupervisedChildOptions
  readonly #log: BoundedLog
  readonly #stopping = new AbortController()
  #running: Running | undefined
  #loop: Promise<void> = Promise.resolve()
  #everReady = false

  constructor(spec: ChildSpec, options: SupervisedChildOptions) {
    this.#spec = spec
    this.#options = options
    this.#log = new BoundedLog(options.logFile)
  }

  get name(): string {
    return this.#spec.name
  }

  /**
   * Starts it and resolves when it is ready for the first time.
   *
   * @throws PlatformError `up.child_failed` when it ends again and again before that, or is stopped
   */
  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#loop = this.#keepRunning(resolve).then(() => reject(this.#failure('was stopped')), reject)
    })
  }

  /** Asks it to end, insists when its time is up, and resolves when it is gone. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#running?.kill('SIGTERM')
    const timer = setTimeout(() => this.kill(), this.#spec.stopWithinMs)
    await this.#loop
    clearTimeout(timer)
    this.#log.close()
  }

  /** Ends it at once, with its process group. */
  kill(): void {
    this.#stopping.abort()
    const pid = this.#running?.pid
    if (pid !== undefined) {
      try {
        process.kill(-pid, 'SIGKILL')
      } catch {
        // It is gone already.
      }
    }
    this.#endOrphan()
  }

  async #keepRunning(onReady: () => void): Promise<void> {
    const { clock, report } = this.#options
    let failures = 0
    while (!this.#stopping.signal.aborted) {
      const began = clock.monotonicMs()
      const ending = await this.#runOnce(onReady)
      if (this.#stopping.signal.aborted) return
      const plan = planRestart({ everReady: this.#everReady, ranMs: clock.monotonicMs() - began, failures })
      if (plan.kind === 'giveUp') throw this.#failure(`${ending}, ${failures + 1} times in a row`)
      failures = plan.failures
      report(`${this.name} ${ending}; it starts again in ${plan.delayMs / 1_000} s (log: ${this.#log.path})`)
      await clock.sleep(plan.delayMs, this.#stopping.signal)
    }
  }

  /** One life of the process; says how it ended. */
  async #runOnce(onReady: () => void): Promise<string> {
    try {
      await this.#spec.beforeStart?.()
    } catch (error) {
      return `cannot start: ${error instanceof Error ? error.message : String(error)}`
    }
    if (this.#stopping.signal.aborted) return 'was stopped'
    const { file, args, cwd, env } = this.#spec
    const child = spawn(file, args, { cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
    this.#running = child
    const over = new AbortController()
    this.#watchReadiness(child, over.signal, () => {
      if (this.#everReady) this.#options.report(`${this.name} is ready again`)
      this.#everReady = true
      onReady()
    })
    this.#keepOutput(child)
    const ending = await howItEnds(child)
    over.abort()
    this.#running = undefined
    this.#endOrphan()
    return ending
  }

  #keepOutput(child: Running): void {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => this.#log.write(chunk)).on('error', () => undefined)
    }
    // A pipe whose reader ended is no news: the exit tells it.
    child.stdin.on('error', () => undefined)
  }

  #watchReadiness(child: Running, over: AbortSignal, onReady: () => void): void {
    const { ready } = this.#spec
    if (ready.kind === 'logLine') {
      const lines = createInterface({ input: child.stdout })
      lines.on('line', (line) => {
        if (!isReadyLine(line)) return
        lines.removeAllListeners('line')
        onReady()
      })
      return
    }
    ready.probe(AbortSignal.any([over, this.#stopping.signal])).then(
      () => over.aborted || onReady(),
      () => undefined,
    )
  }

  /** The program of a guard that was killed goes on; nobody else would end it. */
  #endOrphan(): void {
    if (this.#spec.identityFile !== undefined) endLeftover(this.#spec.identityFile)
  }

  #failure(what: string): PlatformError {
    return new PlatformError('up.child_failed', `The ${this.name} ${what}; its log is ${this.#log.path}.`)
  }
}

/** Its exit, not the end of its output: a grandchild may keep that open. */
function howItEnds(child: Running): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`cannot start: ${error.message}`))
    child.once('exit', (code, signal) =>
      resolve(signal === null ? `ended with code ${code}` : `was ended by ${signal}`),
    )
  })
}
