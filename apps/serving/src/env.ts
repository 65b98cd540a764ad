import { z } from 'zod'

const text = z.string().trim().min(1)

const variables = z.object({
  UNDERSTUDY_DATA_DIR: text,
  /** The record that this node reads its plan from and reports to. Either this or a plan file. */
  DATABASE_URL: text.optional(),
  /** A node without a control plane: its plan, as JSON. */
  UNDERSTUDY_PLAN_FILE: text.optional(),
  UNDERSTUDY_REST_PORT: z.coerce.number().int().min(0).max(65_535).default(8501),
  /** Until there are API keys, a node answers on loopback only. */
  UNDERSTUDY_REST_HOST: z.enum(['127.0.0.1', '::1', 'localhost']).default('127.0.0.1'),
  UNDERSTUDY_NODE_NAME: text.default('serving-1'),
  /** Memory for all versions together. */
  UNDERSTUDY_MODEL_MEMORY_MIB: z.coerce.number().int().min(256).default(8_192),
  /** What to do when a new version does not fit beside the old one: refuse it, or let the model answer 503 while they change places. */
  UNDERSTUDY_VERSION_POLICY: z.enum(['availability', 'resource']).default('availability'),
  /** Share of predictions that get spans without another reason: a caller who samples, an error of ours, slowness. */
  UNDERSTUDY_TRACE_SAMPLE: z.coerce.number().min(0).max(1).default(0.01),
  UNDERSTUDY_DRAIN_TIMEOUT_MS: z.coerce.number().int().min(0).default(10_000),
  UNDERSTUDY_PARENT_PIPE: z.enum(['0', '1']).default('0'),
  OTEL_EXPORTER_OTLP_ENDPOINT: text.optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
})

const schema = variables.refine(
  (env) => (env.DATABASE_URL === undefined) !== (env.UNDERSTUDY_PLAN_FILE === undefined),
  { path: ['DATABASE_URL'], message: 'set either DATABASE_URL or UNDERSTUDY_PLAN_FILE, and not both' },
)

export type ServingEnv = z.infer<typeof schema>

/** Reads the environment once; an empty value counts as missing. Fails with one sentence per wrong variable. */
export function readEnv(source: NodeJS.ProcessEnv = process.env): ServingEnv {
  const present = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''))
  const result = schema.safeParse(present)
  if (result.success) return result.data
  throw new Error(result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '))
}
