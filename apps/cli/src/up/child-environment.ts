import type { CliEnvironment } from '../env.ts'

/** What is known only once the database and the repository are there. */
export interface ChildFacts {
  readonly databaseUrl: string
  readonly repoUrl: string
  /** Where the data really lies: the way over a link may be closed to the accounts of executors. */
  readonly dataDir: string
}

/** The environment of controller, serving node and console: exactly this, nothing of the shell that started us. */
export function childEnvironment(config: CliEnvironment, facts: ChildFacts): Record<string, string> {
  return {
    ...config.passedOn,
    NODE_ENV: 'production',
    LOG_LEVEL: config.logLevel,
    DATABASE_URL: facts.databaseUrl,
    UNDERSTUDY_DATA_DIR: facts.dataDir,
    UNDERSTUDY_ENVIRONMENT: config.environment,
    UNDERSTUDY_REPO_URL: facts.repoUrl,
    UNDERSTUDY_REPO_BRANCH: config.repoBranch,
    UNDERSTUDY_REST_PORT: String(config.restPort),
    UNDERSTUDY_GRPC_PORT: String(config.grpcPort),
    UNDERSTUDY_CONSOLE_PORT: String(config.consolePort),
    UNDERSTUDY_POLL_INTERVAL_MS: String(config.pollIntervalMs),
    UNDERSTUDY_SERVING_URL: config.servingUrl,
    ...(config.tls && {
      UNDERSTUDY_TLS_CERT_FILE: config.tls.certFile,
      UNDERSTUDY_TLS_KEY_FILE: config.tls.keyFile,
    }),
    UNDERSTUDY_OS_USER: config.osUser,
    UNDERSTUDY_PARENT_PIPE: '1',
  }
}
