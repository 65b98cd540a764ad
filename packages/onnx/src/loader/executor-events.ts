import type { PlatformError } from '@understudy/core'
import type { ExecutorIncident, ServableId } from '@understudy/serving'
import type { ExecutorExit } from '../process/executor-exit.ts'
import type { Place } from './next-step.ts'

/** What became of the executor of a loaded version: for logs, metrics and alarms. */
export type ExecutorEvent = { readonly id: ServableId } & (
  | ({ readonly type: 'lost'; readonly pid: number; readonly exit: ExecutorExit } & Place)
  | ({ readonly type: 'replaced'; readonly pid: number; readonly tookMs: number } & Place)
  | ({ readonly type: 'moved'; readonly pid: number; readonly tookMs: number } & Place)
  | { readonly type: 'replacementFailed' | 'moveFailed'; readonly error: PlatformError }
)

/** A version ended its executor, told once: by the version whose run was being carried out. */
export type VersionIncident = Pick<ExecutorIncident, 'id' | 'kind' | 'message' | 'atMs'>
