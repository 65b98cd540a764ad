import { type ControlServiceOptions, createControlService } from '@understudy/api/control'
import { createLogger, type Logger, onShutdown } from '@understudy/telemetry'
import { ZodError } from 'zod'
import { readEnv } from '../env.ts'
import { hasComposition, setComposition } from './composition.ts'

/** Builds the object graph of the console, unless this process has one. */
export function compose(): void {
  if (hasComposition()) return
  const logger = createLogger({ name: 'console' })
  const env = readEnvOrExit(logger)
  // The one place where the console meets Postgres.
  const service = createControlService(env)
  // An open stream would keep Next's own orderly end waiting for ever.
  onShutdown(() => service.close(), { deadlineMs: 5_000 })
  setComposition({
    service,
    actor: env.actor,
    onFault: (error) => logger.error({ err: error }, 'a request failed'),
  })
}

/** Next would log a failure and go on without a graph: an environment that cannot be served ends the process. */
function readEnvOrExit(logger: Logger): ControlServiceOptions {
  try {
    return readEnv()
  } catch (error) {
    const issues = error instanceof ZodError ? error.issues : []
    const why = issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join(' ')
    logger.error({ err: error }, `The console cannot start. ${why}`)
    process.exit(1)
  }
}
