export { createLogger, type Logger, type LoggerOptions, silentLogger } from './logger.ts'
export {
  onShutdown,
  type ShutdownOptions,
  type ShutdownReason,
  watchParentPipe,
} from './process-lifecycle.ts'
export {
  ATTRIBUTES,
  contextFrom,
  currentTraceparent,
  linksTo,
  recordFailure,
  type SpanOptions,
  traceIdOf,
  tracer,
  withSpan,
} from './tracing.ts'
