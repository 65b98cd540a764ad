import type { PlatformError } from '@understudy/core'
import type { ServableId } from '@understudy/serving'
import type { ExecutorExit } from '../process/executor-exit.ts'

/** What became of the executor of a loaded version: for logs, metrics and alarms. */
export type ExecutorEvent = { readonly id: ServableId } & (
  | { readonly type: 'lost'; readonly pid: number; readonly exit: ExecutorExit }
  | { readonly type: 'replaced'; readonly pid: number; readonly tookMs: number }
  | { readonly type: 'replacementFailed'; readonly error: PlatformError }
)
