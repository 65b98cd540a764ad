import path from 'node:path'
import { type Clock, PlatformError } from '@understudy/core'
import type { ChildSpec } from './child-spec.ts'
import type { Progress } from './progress.ts'
import { SupervisedChild } from './supervised-child.ts'

const READY_WITHIN_MS = 120_000

export interface SupervisorOptions {
  readonly clock: Clock
  readonly progress: Progress
  readonly logDir: string
}

/** The processes of one platform: started in order, stopped in the opposite order; what starts together stops together. */
export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #groups: SupervisedChild[][] = []
  #stopped: Promise<void> | undefined

  constructor(options: SupervisorOptions) {
    this.#options = options
  }

  /**
   * Starts children that stop together and resolves when all of them are ready.
   *
   * @throws PlatformError `up.child_failed`
   */
  async start(...specs: readonly ChildSpec[]): Promise<void> {
    const group: SupervisedChild[] = []
    this.#groups.push(group)
    await Promise.all(specs.map((spec) => this.#startOne(spec, group)))
  }

  async #startOne(spec: ChildSpec, group: SupervisedChild[]): Promise<void> {
    if (this.#stopped)
      throw new PlatformError('up.child_failed', `The ${spec.name} was not started: we are stopping.`)
    const { clock, progress, logDir } = this.#options
    const logFile = path.join(logDir, `${spec.name.replaceAll(' ', '-')}.log`)
    const child = new SupervisedChild(spec, { logFile, clock, report: (line) => progress.line(line) })
    group.push(child)
    const late = new AbortController()
    await Promise.race([
      child.start(),
      clock.sleep(READY_WITHIN_MS, late.signal).then(() => {
        if (late.signal.aborted) return
        throw new PlatformError(
          'up.child_failed',
          `The ${spec.name} is not ready after ${READY_WITHIN_MS / 1_000} s; its log is ${logFile}.`,
        )
      }),
    ]).finally(() => late.abort())
    progress.line(`${spec.name} is ready`)
  }

  /** Stops every child, the last started first, each within its time. Idempotent. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopInOrder()
    return this.#stopped
  }

  /** Ends every child at once. */
  kill(): void {
    for (const child of this.#groups.flat()) child.kill()
  }

  async #stopInOrder(): Promise<void> {
    for (const group of this.#groups.toReversed()) {
      const stop = async (child: SupervisedChild) => {
        await child.stop()
        this.#options.progress.line(`${child.name} has stopped`)
      }
      await Promise.all(group.map(stop))
    }
  }
}
