import { z } from 'zod'
import { parseDurationMs } from '../duration.ts'

const duration = z.string().transform((text, context) => {
  const ms = parseDurationMs(text)
  if (ms !== undefined) return ms
  context.addIssue({ code: 'custom', message: 'expected a duration such as 30s, 10m or 6h' })
  return z.NEVER
})

const share = z.number().gt(0).max(1)
const margin = z.number().gt(0).lt(1)

const comparison = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('equal') }),
  z.strictObject({ kind: z.literal('argmax') }),
  z.strictObject({
    kind: z.literal('tolerance'),
    atol: z.number().min(0).default(1e-5),
    rtol: z.number().min(0).default(1e-3),
  }),
])

const runtime = z.strictObject({
  intraOpThreads: z.int().min(1).max(64).default(1),
  batching: z
    .strictObject({
      maxBatchSize: z.int().min(1).max(4096).default(64),
      maxDelayMs: z.number().min(0).max(1000).default(0),
    })
    .prefault({}),
  timeoutMs: z.int().min(1).max(600_000).default(1_000),
  runTimeoutMs: z.int().min(1).max(600_000).default(5_000),
  maxQueue: z.int().min(1).max(1_000_000).default(1_024),
  /** False: loaded at the first request, and unloaded when others need the memory, least recently used first. */
  resident: z.boolean().default(true),
})

const name = z.string().min(1).max(200)

/** Feature of a request, by the model's input that it goes into. Left out: every input is fed by the feature of its own name. */
const features = z.record(name, name).optional()

/** How a signature of TensorFlow Serving's classify and regress calls is answered by a model that only knows tensors. */
export const signatureMappingSchema = z.discriminatedUnion('method', [
  z
    .strictObject({
      method: z.literal('classify'),
      features,
      /** Output with one score for each class, `[N, classes]`. */
      scores: name.optional(),
      /** Output with the names of classes, `[N, classes]` of string or integer; left out: `labels` of the scores, then their index. */
      classes: name.optional(),
    })
    .refine(({ scores, classes }) => scores !== undefined || classes !== undefined, {
      message: 'expected at least one of "classes" or "scores"',
    }),
  z.strictObject({
    method: z.literal('regress'),
    features,
    /** Output with one value a row, `[N]` or `[N, 1]`. */
    value: name,
  }),
])

const rollout = z.strictObject({
  trigger: z.enum(['push', 'manual']).default('push'),
  strategy: z.enum(['shadow', 'immediate']).default('shadow'),
  shadow: z
    .strictObject({
      sample: share.default(1),
      minPairs: z.int().min(1).default(500),
      minDuration: duration.prefault('0s'),
      maxDuration: duration.prefault('6h'),
    })
    .prefault({}),
  gates: z
    .strictObject({
      errors: z.strictObject({ margin: margin.default(0.01) }).prefault({}),
      disagreement: z.strictObject({ budget: margin }).optional(),
    })
    .prefault({}),
  approval: z.strictObject({ required: z.int().min(0).max(1).default(1) }).prefault({}),
})

/** `model.yaml`: every key is optional and every key works. */
export const modelConfigSchema = z.strictObject({
  apiVersion: z.literal('understudy/v1').default('understudy/v1'),
  kind: z.literal('Model').default('Model'),
  description: z.string().max(500).default(''),
  owners: z.array(z.string().min(1).max(100)).max(50).default([]),
  runtime: runtime.prefault({}),
  outputs: z
    .record(
      z.string().min(1),
      z.strictObject({
        compare: comparison.optional(),
        gate: z.boolean().optional(),
        /** Names of the classes along the last axis, for classification answers. */
        labels: z.array(z.string().max(200)).min(1).max(100_000).optional(),
      }),
    )
    .default({}),
  /** Signatures for classify and regress calls, by `signature_name`. */
  signatures: z.record(name, signatureMappingSchema).default({}),
  rollout: rollout.prefault({}),
})

export type ModelConfig = z.infer<typeof modelConfigSchema>
export type RuntimeConfig = ModelConfig['runtime']
export type RolloutPolicy = ModelConfig['rollout']
export type SignatureMapping = z.infer<typeof signatureMappingSchema>
export type Comparator = z.infer<typeof comparison>

/** How one output is compared, after the defaults have been filled in. Only outputs with `gate` decide. */
export interface OutputComparison {
  readonly compare: Comparator
  readonly gate: boolean
}
