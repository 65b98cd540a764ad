import { z } from 'zod'

const LOOPBACK = ['127.0.0.1', 'localhost', '::1'] as const

const schema = z.object({
  UNDERSTUDY_DATA_DIR: z.string().min(1).default('.understudy'),
  DATABASE_URL: z.string().min(1).default('postgresql://127.0.0.1:5432/understudy'),
  UNDERSTUDY_ENVIRONMENT: z.string().min(1).default('production'),
  UNDERSTUDY_OS_USER: z.string().min(1).default('unknown'),
  UNDERSTUDY_REPO_URL: z.string().default(''),
  UNDERSTUDY_REPO_BRANCH: z.string().min(1).default('main'),
  UNDERSTUDY_REST_PORT: z.coerce.number().int().min(1).max(65_535).default(8501),
  UNDERSTUDY_SERVING_URL: z.string().optional(),
  /** Of 32 bytes, hex. Without it no API keys can be made. */
  UNDERSTUDY_KEY_CHECK_KEY: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  UNDERSTUDY_CONSOLE_PORT: z.coerce.number().int().min(1).max(65_535).default(3000),
  PORT: z.coerce.number().int().min(1).max(65_535).optional(),
  HOSTNAME: z.enum(LOOPBACK, {
    error: 'Start the console with HOSTNAME=127.0.0.1: until there is a login it listens on loopback only.',
  }),
})

export interface ConsoleEnv {
  readonly dataDir: string
  readonly databaseUrl: string
  readonly environment: string
  /** Who acts until there is a login. */
  readonly actor: string
  readonly repositoryUrl: string
  readonly repositoryBranch: string
  readonly servingUrl: string
  readonly keyCheckKey: string | undefined
}

/** @throws ZodError that names the variable */
export function readEnv(): ConsoleEnv {
  const env = schema.parse(process.env)
  return {
    dataDir: env.UNDERSTUDY_DATA_DIR,
    databaseUrl: env.DATABASE_URL,
    environment: env.UNDERSTUDY_ENVIRONMENT,
    actor: `local:${env.UNDERSTUDY_OS_USER}`,
    repositoryUrl: env.UNDERSTUDY_REPO_URL,
    repositoryBranch: env.UNDERSTUDY_REPO_BRANCH,
    servingUrl: env.UNDERSTUDY_SERVING_URL ?? `http://127.0.0.1:${env.UNDERSTUDY_REST_PORT}`,
    keyCheckKey: env.UNDERSTUDY_KEY_CHECK_KEY,
  }
}

/** The port that the server listens on: the only one a `Host` header may name. */
export function consolePort(): number {
  return Number(process.env.PORT ?? process.env.UNDERSTUDY_CONSOLE_PORT ?? 3000)
}

export function isDevelopment(): boolean {
  return process.env.NODE_ENV === 'development'
}
