import type { NamedTensors, Signature } from '@understudy/core'
import type { RunResult } from '@understudy/serving'
import type { ModelForm } from '../frames/frame.ts'
import type { ExecutorExit } from '../process/executor-exit.ts'
import type { Placement } from './decide-placement.ts'
import type { PooledExecutor } from './pooled-executor.ts'

export interface HomeOptions {
  readonly executor: PooledExecutor
  readonly model: number
  readonly signature: Signature
  readonly form: ModelForm
  readonly placement: Placement
  /** Ends an executor that nobody else lives in. */
  readonly end: () => Promise<void>
  /** Takes the model out of the executor. */
  readonly onLeft: () => Promise<void>
}

/** One version, loaded in one executor, until it leaves or the executor is lost. */
export class Home {
  readonly signature: Signature
  readonly form: ModelForm
  readonly placement: Placement
  readonly #options: HomeOptions
  /** Resolves, never rejects, when the executor is gone; never after the version has left. */
  readonly exited: Promise<ExecutorExit>
  #tellExit: (exit: ExecutorExit) => void = () => {}
  #runs = 0
  #onIdle: (() => void) | undefined
  #left: Promise<void> | undefined

  constructor(options: HomeOptions) {
    this.signature = options.signature
    this.form = options.form
    this.placement = options.placement
    this.#options = options
    this.exited = new Promise((resolve) => {
      this.#tellExit = resolve
    })
  }

  get pid(): number {
    return this.#options.executor.pid
  }

  get isAlive(): boolean {
    return this.#options.executor.isAlive
  }

  /** Runs that are not answered yet. */
  get openRuns(): number {
    return this.#runs
  }

  /** @throws PlatformError the codes of `ExecutorClient.run` */
  async run(inputs: NamedTensors, limitMs: number): Promise<RunResult> {
    this.#runs += 1
    try {
      return await this.#options.executor.run(this.#options.model, inputs, limitMs)
    } finally {
      this.#runs -= 1
      if (this.#runs === 0) this.#onIdle?.()
    }
  }

  /** For the host: the executor is gone. */
  tellExit(exit: ExecutorExit): void {
    this.#tellExit(exit)
  }

  /**
   * Whether it gives way to other executors; where it shares one, it never does. In force before it returns, unless the system is busy.
   *
   * @throws PlatformError `onnx.executor_unavailable` when it does not get its priority back: another home is needed
   */
  async setBackground(on: boolean): Promise<void> {
    if (this.placement === 'own') await this.#options.executor.setBackground(on)
  }

  /**
   * Takes the version out of its executor once its runs have ended; an executor that nobody lives in any more is ended. Never rejects.
   * Idempotent.
   */
  leave(): Promise<void> {
    this.#left ??= this.#leave()
    return this.#left
  }

  /** Leaves without waiting for runs: in an executor of its own they fail as lost. */
  async evict(): Promise<void> {
    if (this.placement === 'own') await this.#options.end()
    await this.leave()
  }

  async #leave(): Promise<void> {
    if (this.#runs > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve
      })
    }
    await this.#options.onLeft()
  }
}
