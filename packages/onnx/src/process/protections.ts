import { PlatformError } from '@understudy/core'
import { mebibytes } from '../executor/memory-message.ts'
import type { ReadyFrame } from './await-ready.ts'
import type { Background } from './background.ts'
import { type DataLimitTarget, dataBytes, limitData } from './data-limit.ts'
import type { ExecutorOptions, ProtectionReport } from './executor-options.ts'

/** What is known of an executor once it is ready. */
export interface StartedFacts {
  readonly pid: number
  readonly ready: ReadyFrame
  readonly background: Background
}

/** What one running executor is bounded by, set from outside of it. */
export class Protections {
  readonly #target: DataLimitTarget
  readonly #fixed: Pick<ProtectionReport, 'ownUser' | 'noNetwork' | 'noFiles'>
  readonly #isFixed: boolean
  readonly #background: Background
  #memoryLimitBytes: number
  #mappedBytes: number
  /** What the system enforces; undefined for nothing. It lags behind where the parent may not change it. */
  #enforcedBytes: number | undefined
  #lastChange: Promise<unknown> = Promise.resolve()

  constructor(options: ExecutorOptions, { pid, ready, background }: StartedFacts) {
    const { tools, starter, memoryLimitBytes = 0 } = options
    const ownUser = process.getuid?.() === 0 ? { uid: ready.uid, gid: ready.gid } : undefined
    this.#target = { pid, tools, starter, owner: ownUser }
    this.#background = background
    this.#memoryLimitBytes = memoryLimitBytes
    this.#isFixed = options.fixedForMappedBytes !== undefined
    this.#mappedBytes = options.fixedForMappedBytes ?? 0
    this.#enforcedBytes = tools?.prlimit && memoryLimitBytes > 0 ? this.#wantedBytes : undefined
    this.#fixed = {
      ownUser,
      noNetwork: tools?.unshare !== undefined,
      noFiles: tools?.prlimit !== undefined,
    }
  }

  /** 0 for none. */
  get memoryLimitBytes(): number {
    return this.#memoryLimitBytes
  }

  /** Whether the system bounds what is mapped, so that a load must be granted it. */
  get boundsMapped(): boolean {
    return this.#enforcedBytes !== undefined && !this.#isFixed
  }

  get report(): ProtectionReport {
    const bound = this.#enforcedBytes === this.#wantedBytes ? 'rlimit' : 'watchdog'
    return {
      ...this.#fixed,
      memoryBound: this.#memoryLimitBytes > 0 ? bound : 'none',
      background: this.#background.means,
    }
  }

  /** @throws PlatformError `onnx.executor_unavailable` when the system holds it to less */
  async limitMemory(bytes: number): Promise<void> {
    const before = this.#memoryLimitBytes
    this.#memoryLimitBytes = bytes
    await this.#enforce()
    if (this.#enforcedBytes === undefined || this.#enforcedBytes >= this.#wantedBytes) return
    this.#memoryLimitBytes = before
    const held = mebibytes(this.#enforcedBytes)
    throw refused(`may not have ${mebibytes(bytes)} of memory: the system holds it to ${held}`)
  }

  /** Grants so much more mapped data, or takes it back. Never rejects: where the system refuses it, the load will fail and say so. */
  async grantMapped(bytes: number): Promise<void> {
    if (bytes === 0 || !this.boundsMapped) return
    this.#mappedBytes += bytes
    await this.#enforce()
  }

  get #wantedBytes(): number {
    return dataBytes(this.#memoryLimitBytes, this.#mappedBytes)
  }

  /** One change after the other: the last one counts. */
  async #enforce(): Promise<void> {
    const change = this.#lastChange.then(async () => {
      const bytes = this.#wantedBytes
      if (bytes !== this.#enforcedBytes && (await limitData(this.#target, bytes))) this.#enforcedBytes = bytes
    })
    this.#lastChange = change
    await change
  }
}

function refused(what: string, cause?: unknown): PlatformError {
  return new PlatformError('onnx.executor_unavailable', `The executor ${what}.`, { cause })
}
