import { createControlService } from '@understudy/api/control'
import { createLogger, onShutdown } from '@understudy/telemetry'
import { readEnv } from '../env.ts'
import { hasComposition, setComposition } from './composition.ts'

/** Builds the object graph of the console, unless this process has one. */
export function compose(): void {
  if (hasComposition()) return
  const logger = createLogger({ name: 'console' })
  const env = readEnv()
  // The one place where the console meets Postgres.
  const service = createControlService({
    databaseUrl: env.databaseUrl,
    dataDir: env.dataDir,
    environment: env.environment,
    actor: env.actor,
    servingUrl: env.servingUrl,
    repositoryUrl: env.repositoryUrl,
    repositoryBranch: env.repositoryBranch,
  })
  // An open stream would keep Next's own orderly end waiting for ever.
  onShutdown(() => service.close(), { deadlineMs: 5_000 })
  setComposition({
    service,
    actor: env.actor,
    onFault: (error) => logger.error({ err: error }, 'a request failed'),
  })
}
