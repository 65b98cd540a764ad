import { trace } from '@opentelemetry/api'
import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino'

/** Structured JSON logs. `error` means that a human must act now: a healthy system writes none. */
export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error'> & {
  child(bindings: Record<string, unknown>): Logger
}

export interface LoggerOptions {
  /** The process: `controller`, `serving`, `console`. */
  readonly name: string
  /** @defaultValue `info` */
  readonly level?: string | undefined
  readonly destination?: DestinationStream | undefined
}

/** A logger whose every line carries the ids of the active span; known secrets are cut out. */
export function createLogger(options: LoggerOptions): Logger {
  const { name, level = 'info', destination } = options
  const settings = {
    name,
    level,
    base: { name, pid: process.pid },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: [
        'password',
        'token',
        'authorization',
        'databaseUrl',
        '*.password',
        '*.token',
        '*.authorization',
        '*.databaseUrl',
      ],
      censor: '[redacted]',
    },
    mixin() {
      const context = trace.getActiveSpan()?.spanContext()
      return context ? { trace_id: context.traceId, span_id: context.spanId } : {}
    },
  }
  return destination ? pino(settings, destination) : pino(settings)
}

const nothing = () => {}

/** A logger that writes nothing, for tests and embedding. */
export const silentLogger: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silentLogger,
}
