import { z } from 'zod'
import { missingPartners, NOTIFY_VARIABLES } from './outbox/notify-settings.ts'

const text = z.string().trim().min(1)

const schema = z
  .object({
    UNDERSTUDY_DATA_DIR: text,
    DATABASE_URL: text,
    UNDERSTUDY_ENVIRONMENT: text
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
        'expected letters, digits, dot, underscore and dash, 63 at most',
      )
      .default('production'),
    UNDERSTUDY_REPO_URL: text,
    UNDERSTUDY_REPO_BRANCH: text.default('main'),
    /** How often Git is asked without a hint; each wait is stretched by up to a fifth at random. */
    UNDERSTUDY_POLL_INTERVAL_MS: z.coerce.number().int().min(100).default(15_000),
    /** Longest time that loading a pushed model may take in quarantine. */
    UNDERSTUDY_QUARANTINE_TIMEOUT_MS: z.coerce.number().int().min(1_000).default(60_000),
    /** Memory that a pushed model may use in quarantine. */
    UNDERSTUDY_QUARANTINE_MEMORY_MIB: z.coerce.number().int().min(128).default(4_096),
    UNDERSTUDY_PARENT_PIPE: z.enum(['0', '1']).default('0'),
    OTEL_EXPORTER_OTLP_ENDPOINT: text.optional(),
    LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
    PATH: z.string().default('/usr/bin:/bin'),
    HOME: z.string().default('/'),
    ...NOTIFY_VARIABLES,
  })
  .superRefine((env, ctx) => {
    for (const { variable, message } of missingPartners(env)) {
      ctx.addIssue({ code: 'custom', path: [variable], message })
    }
  })

export type ControllerEnv = z.infer<typeof schema>

/** Reads the environment once; an empty value counts as missing. Fails with one sentence per wrong variable. */
export function readEnv(source: NodeJS.ProcessEnv = process.env): ControllerEnv {
  const present = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''))
  const result = schema.safeParse(present)
  if (result.success) return result.data
  throw new Error(result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '))
}
