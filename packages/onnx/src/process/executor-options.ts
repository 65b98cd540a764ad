import type { SpawnTools } from './probe-spawn-tools.ts'

/** How executors are started on this machine. One object serves all of a node or controller. */
export interface ExecutorOptions {
  /** The bundled executor, `dist/executor/main.mjs` of this package. */
  readonly entry: string
  /** What {@link SpawnTools} the machine has; without them fewer protections are in force, and the client says so. */
  readonly tools?: SpawnTools | undefined
  /** User to become when started as root. @defaultValue 64042 */
  readonly uid?: number | undefined
  /** Group to become when started as root. @defaultValue 64042 */
  readonly gid?: number | undefined
  /** Bound of the process's memory, library and runtime (about 100 MiB) included; undefined for none. */
  readonly memoryLimitBytes?: number | undefined
  /** Largest request or answer. @defaultValue 256 MiB */
  readonly maxFrameBytes?: number | undefined
  /** Time from spawn to ready. A machine under load needs some. @defaultValue 30000 */
  readonly startTimeoutMs?: number | undefined
}

export const DEFAULT_EXECUTOR_UID = 64_042
export const DEFAULT_START_TIMEOUT_MS = 30_000

/** What an executor of a client really runs under. */
export interface ProtectionReport {
  /** The user it has dropped to; undefined when it is the user of its parent. */
  readonly ownUser: { readonly uid: number; readonly gid: number } | undefined
  /** `rlimit`: allocations beyond the limit fail; `watchdog`: it is ended when resident memory exceeds the limit. */
  readonly memoryBound: 'rlimit' | 'watchdog' | 'none'
  readonly noNetwork: boolean
  /** It can neither write files nor leave core dumps. */
  readonly noFiles: boolean
}
