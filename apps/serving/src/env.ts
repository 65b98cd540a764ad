import { z } from 'zod'

const text = z.string().trim().min(1)

const schema = z.object({
  UNDERSTUDY_DATA_DIR: text,
  DATABASE_URL: text,
  UNDERSTUDY_REST_PORT: z.coerce.number().int().min(0).max(65_535).default(8501),
  /** Until there are API keys, a node answers on loopback only. */
  UNDERSTUDY_REST_HOST: z.enum(['127.0.0.1', '::1', 'localhost']).default('127.0.0.1'),
  UNDERSTUDY_NODE_NAME: text.default('serving-1'),
  /** Memory for all versions together. */
  UNDERSTUDY_MODEL_MEMORY_MIB: z.coerce.number().int().min(256).default(8_192),
  /** Share of predict requests that get a span; failed ones and those of a sampled caller always do. */
  UNDERSTUDY_TRACE_SAMPLE: z.coerce.number().min(0).max(1).default(0.01),
  UNDERSTUDY_DRAIN_TIMEOUT_MS: z.coerce.number().int().min(0).default(10_000),
  UNDERSTUDY_PARENT_PIPE: z.enum(['0', '1']).default('0'),
  OTEL_EXPORTER_OTLP_ENDPOINT: text.optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
})

export type ServingEnv = z.infer<typeof schema>

/** Reads the environment once; an empty value counts as missing. Fails with one sentence per wrong variable. */
export function readEnv(source: NodeJS.ProcessEnv = process.env): ServingEnv {
  const present = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''))
  const result = schema.safeParse(present)
  if (result.success) return result.data
  throw new Error(result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '))
}
