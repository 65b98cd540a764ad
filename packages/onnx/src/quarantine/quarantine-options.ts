import type { OutputComparison, PlatformError, RuntimeConfig, Signature } from '@understudy/core'
import type { GoldenFile } from '../golden/golden-file.ts'
import type { ExecutorOptions } from '../process/executor-options.ts'
import type { StructureLimits } from '../structure/structure-limits.ts'

export interface QuarantineLimits {
  /** Time of the load alone. @defaultValue 60000 */
  readonly loadTimeoutMs: number
  /** Time of the whole quarantine, from the start of the process. @defaultValue 180000 */
  readonly totalTimeoutMs: number
  /** Memory of the process, about 100 MiB of its own included. @defaultValue 4 GiB */
  readonly memoryLimitBytes: number
}

export interface QuarantineOptions {
  /** Absolute path of the entry point; external data lie beside it. Readable by the executor's user. */
  readonly modelPath: string
  readonly golden: readonly GoldenFile[]
  readonly runtime: Pick<RuntimeConfig, 'intraOpThreads' | 'runTimeoutMs'>
  readonly executor: Omit<ExecutorOptions, 'memoryLimitBytes'>
  readonly limits?: Partial<QuarantineLimits>
  readonly structureLimits?: Partial<StructureLimits>
  /** Gives up: the process is ended and `serving.cancelled` thrown. */
  readonly signal?: AbortSignal | undefined
}

/** What quarantine found. `reasons` are never empty. */
export type QuarantineReport =
  | {
      readonly ok: true
      readonly signature: Signature
      /** Proved: rows alone, stacked and permuted gave the same answers. */
      readonly batchable: boolean
      /** In a process that has loaded something before. */
      readonly loadMs: number
      /** Peak resident memory of the process, library and runtime included. */
      readonly memoryBytes: number
      /** How each output would be compared if nobody said. */
      readonly comparisons: Readonly<Record<string, OutputComparison>>
    }
  | { readonly ok: false; readonly reasons: readonly PlatformError[] }

export const DEFAULT_QUARANTINE_LIMITS: QuarantineLimits = {
  loadTimeoutMs: 60_000,
  totalTimeoutMs: 180_000,
  memoryLimitBytes: 4 * 1024 ** 3,
}
