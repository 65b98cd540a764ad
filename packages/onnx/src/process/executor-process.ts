import type { Socket } from 'node:net'
import { PlatformError } from '@understudy/core'
import type { ExecutorExit } from './executor-exit.ts'

/** A started executor: its sockets and its end. */
export interface ExecutorProcess {
  readonly pid: number
  readonly frames: Socket
  /** Resolves, never rejects, when the process is gone and all it said has been read. */
  readonly exited: Promise<ExecutorExit>
  /** Ends the process and all it may have started. Idempotent. */
  kill(): void
}

export function unavailable(why: string, cause?: unknown): PlatformError {
  return new PlatformError('onnx.executor_unavailable', `No executor process could be started: ${why}.`, {
    cause,
  })
}
