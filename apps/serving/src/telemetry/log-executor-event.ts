import type { ExecutorEvent } from '@understudy/onnx'
import type { Logger } from '@understudy/telemetry'

/** Tells an operator what became of an executor: a failure as a warning, and nothing loud of what happens many times a day. */
export function logExecutorEvent(logger: Logger, event: ExecutorEvent): void {
  if ('error' in event) {
    logger.warn({ ...event }, `executor ${event.type}`)
    return
  }
  // A loss too: the pool warns of it, once for all versions that shared the executor.
  logger[event.placement === 'shared' ? 'debug' : 'info']({ ...event }, `executor ${event.type}`)
}
