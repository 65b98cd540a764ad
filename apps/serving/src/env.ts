import { DEFAULT_SERVING_NODE_SETTINGS } from '@understudy/serving'
import { z } from 'zod'
import { decidePredictAuth, PREDICT_AUTH } from './auth/decide-predict-auth.ts'

const text = z.string().trim().min(1)

const variables = z.object({
  UNDERSTUDY_DATA_DIR: text,
  /** The record that this node reads its plan from and reports to. Either this or a plan file. */
  DATABASE_URL: text.optional(),
  /** A node without a control plane: its plan, as JSON. */
  UNDERSTUDY_PLAN_FILE: text.optional(),
  UNDERSTUDY_REST_PORT: z.coerce.number().int().min(0).max(65_535).default(8501),
  /** 0: any free one. */
  UNDERSTUDY_GRPC_PORT: z.coerce.number().int().min(0).max(65_535).default(8500),
  /** Address to listen on, REST and gRPC. Elsewhere than on loopback predictions need an API key. */
  UNDERSTUDY_REST_HOST: text.default('127.0.0.1'),
  UNDERSTUDY_PREDICT_AUTH: z.enum(PREDICT_AUTH).optional(),
  /** What API keys are checked with: 32 bytes, hex. */
  UNDERSTUDY_KEY_CHECK_KEY: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits, as `understudy up` derives them from the secret key')
    .optional(),
  /** What inputs of clients are encrypted with before they are kept: 32 bytes, hex. Without it none are kept, and none replayed. */
  UNDERSTUDY_INPUT_KEY: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits, as `understudy key input-key` prints them')
    .optional(),
  /** What overrides of this node are signed with: 32 bytes, hex. Without it none is taken. */
  UNDERSTUDY_OVERRIDE_KEY: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits, as `understudy up` derives them from the secret key')
    .optional(),
  /** Without its control plane a node uses the keys that it knows for this long. */
  UNDERSTUDY_KEY_MAX_STALENESS_MS: z.coerce.number().int().min(0).default(3_600_000),
  /** Certificate with its chain, and its key: PEM. Without them HTTP is plain. */
  UNDERSTUDY_TLS_CERT_FILE: text.optional(),
  UNDERSTUDY_TLS_KEY_FILE: text.optional(),
  UNDERSTUDY_NODE_NAME: text.default('serving-1'),
  /** Memory for all versions together. */
  UNDERSTUDY_MODEL_MEMORY_MIB: z.coerce.number().int().min(256).default(8_192),
  /** Largest answer of one run, as tensors; a larger one is refused in its executor. Unset: 128 MiB. Frames bound it. */
  UNDERSTUDY_MAX_RESPONSE_BYTES: z.coerce
    .number()
    .int()
    .min(1_024)
    .max(255 * 1024 * 1024)
    .optional(),
  /** What to do when a new version does not fit beside the old one: refuse it, or let the model answer 503 while they change places. */
  UNDERSTUDY_VERSION_POLICY: z.enum(['availability', 'resource']).default('availability'),
  /** How many runs a second the shadows of all models together may cost this node while it is idle; a busy one takes fewer. */
  UNDERSTUDY_SHADOW_RUNS_PER_SECOND: z.coerce
    .number()
    .positive()
    .max(10_000)
    .default(DEFAULT_SERVING_NODE_SETTINGS.mirrorLimits.runsPerSecond),
  /** Share of predictions that get spans without another reason (a caller who samples, an error of ours, slowness), where there is a collector. */
  UNDERSTUDY_TRACE_SAMPLE: z.coerce.number().min(0).max(1).default(0.01),
  UNDERSTUDY_DRAIN_TIMEOUT_MS: z.coerce.number().int().min(0).default(10_000),
  UNDERSTUDY_PARENT_PIPE: z.enum(['0', '1']).default('0'),
  OTEL_EXPORTER_OTLP_ENDPOINT: text.optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
})

const schema = variables
  .refine((env) => (env.DATABASE_URL === undefined) !== (env.UNDERSTUDY_PLAN_FILE === undefined), {
    path: ['DATABASE_URL'],
    message: 'set either DATABASE_URL or UNDERSTUDY_PLAN_FILE, and not both',
  })
  .transform((env, ctx) => {
    const refuse = (variable: keyof typeof env, message: string) => {
      ctx.addIssue({ code: 'custom', path: [variable], message })
      return z.NEVER
    }
    const { UNDERSTUDY_TLS_CERT_FILE: certFile, UNDERSTUDY_TLS_KEY_FILE: keyFile } = env
    const tls = certFile !== undefined && keyFile !== undefined ? { certFile, keyFile } : undefined
    if (tls === undefined && (certFile ?? keyFile) !== undefined) {
      return refuse(
        'UNDERSTUDY_TLS_CERT_FILE',
        'belongs together with UNDERSTUDY_TLS_KEY_FILE: set both or none',
      )
    }
    const auth = decidePredictAuth(env.UNDERSTUDY_PREDICT_AUTH, [env.UNDERSTUDY_REST_HOST])
    if (typeof auth === 'object') return refuse('UNDERSTUDY_PREDICT_AUTH', auth.refusal)
    if (auth === 'off') return { ...env, tls, keyCheckKey: undefined }
    const { UNDERSTUDY_KEY_CHECK_KEY: keyCheckKey } = env
    if (keyCheckKey !== undefined) return { ...env, tls, keyCheckKey }
    return refuse(
      'UNDERSTUDY_KEY_CHECK_KEY',
      'predictions need API keys here, and without this none can be checked',
    )
  })

/** What the environment says. `keyCheckKey` is there where predictions need an API key, `tls` where there is TLS. */
export type ServingEnv = z.infer<typeof schema>

/** Reads the environment once; an empty value counts as missing. Fails with one sentence per wrong variable. */
export function readEnv(source: NodeJS.ProcessEnv = process.env): ServingEnv {
  const present = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''))
  const result = schema.safeParse(present)
  if (result.success) return result.data
  throw new Error(result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '))
}
