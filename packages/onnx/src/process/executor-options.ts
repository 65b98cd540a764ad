import type { BackgroundMeans } from './background-priority.ts'
import type { SpawnTools } from './probe-spawn-tools.ts'
import type { ProcessStarter } from './process-starter.ts'

/** How executors are started on this machine. One object serves all of a node or controller. */
export interface ExecutorOptions {
  /** While it starts it gives way to others, until this is aborted: someone waits for it. @defaultValue someone does */
  readonly hurry?: AbortSignal | undefined
  /** The bundled executor, `dist/executor/main.mjs` of this package. */
  readonly entry: string
  /** What {@link SpawnTools} the machine has; without them fewer protections are in force, and the client says so. */
  readonly tools?: SpawnTools | undefined
  /** Forks in the place of this process, which may be large and busy. @defaultValue this process forks by itself */
  readonly starter?: ProcessStarter | undefined
  /** User to become when started as root. @defaultValue 64042 */
  readonly uid?: number | undefined
  /** Group to become when started as root. @defaultValue 64042 */
  readonly gid?: number | undefined
  /**
   * Bound of the process's own memory, library and runtime (about 100 MiB) included, mapped weights not; undefined for none. It may be
   * changed later.
   */
  readonly memoryLimitBytes?: number | undefined
  /**
   * The limit is not changed later, and so many bytes of external data are granted on top from the start: then code in the process
   * cannot raise it either. Undefined for a limit that may change.
   */
  readonly fixedForMappedBytes?: number | undefined
  /** Largest request or answer. @defaultValue 256 MiB */
  readonly maxFrameBytes?: number | undefined
  /** Largest answer of one run; a larger one is refused before it leaves the executor. @defaultValue 128 MiB */
  readonly maxResponseBytes?: number | undefined
  /** Time from spawn to ready: a third of a second, and some more on a machine under load. @defaultValue 15000 */
  readonly startTimeoutMs?: number | undefined
}

export const DEFAULT_EXECUTOR_UID = 64_042
export const DEFAULT_MAX_RESPONSE_BYTES = 128 * 1024 * 1024
export const DEFAULT_START_TIMEOUT_MS = 15_000

/** What an executor of a client really runs under. */
export interface ProtectionReport {
  /** The user it has dropped to; undefined when it is the user of its parent. */
  readonly ownUser: { readonly uid: number; readonly gid: number } | undefined
  /** `rlimit`: allocations beyond the limit fail; `watchdog`: only ended when its memory exceeds the limit. */
  readonly memoryBound: 'rlimit' | 'watchdog' | 'none'
  readonly noNetwork: boolean
  /** It can neither write files nor leave core dumps. */
  readonly noFiles: boolean
  /** What gives way to live traffic while it loads or is only mirrored to: the share of its session, of its threads, or nothing. */
  readonly background: BackgroundMeans
}
