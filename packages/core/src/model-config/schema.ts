import { z } from 'zod'
import { parseDurationMs } from '../duration.ts'
import { freezeMistake } from '../freeze-window.ts'

const duration = z.string().transform((text, context) => {
  const ms = parseDurationMs(text)
  if (ms !== undefined) return ms
  context.addIssue({ code: 'custom', message: 'expected a duration such as 30s, 10m or 6h' })
  return z.NEVER
})

const name = z.string().min(1).max(200)
const share = z.number().gt(0).max(1)
const margin = z.number().gt(0).lt(1)

const comparison = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('equal') }),
  z.strictObject({ kind: z.literal('argmax') }),
  /** The same k classes, in any order, along the last axis. */
  z.strictObject({ kind: z.literal('topK'), k: z.int().min(1).max(1_000) }),
  /** Cosine of the last axis, at least `min`. */
  z.strictObject({ kind: z.literal('cosine'), min: z.number().min(-1).max(1).default(0.999) }),
  /** Both sides of a business threshold alike. */
  z.strictObject({ kind: z.literal('threshold'), at: z.number() }),
  /** Jaccard overlap of the elements as a set, at least `min`: for detectors, whose shapes depend on data. */
  z.strictObject({ kind: z.literal('setOverlap'), min: z.number().gt(0).max(1).default(0.9) }),
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
      /** Sources that must each clear every gate by themselves. */
      require: z
        .array(z.enum(['live', 'replay']))
        .min(1)
        .default(['live']),
    })
    .prefault({}),
  gates: z
    .strictObject({
      errors: z.strictObject({ margin: margin.default(0.01) }).prefault({}),
      latency: z
        .strictObject({
          margin: margin.default(0.05),
          /** Runs of the candidate longer than this are slow; together with `overMargin`, the share of them that is acceptable. */
          overMs: z.number().gt(0).max(600_000).optional(),
          overMargin: margin.default(0.01),
          /** Share of the mirrored batches that are also run apart, to compare run times. */
          sample: share.default(0.5),
        })
        .optional(),
      disagreement: z.strictObject({ budget: margin }).optional(),
      quality: z
        .strictObject({
          margin: margin.default(0.01),
          /** False: it decides, in place of disagreement, which is then only shown. */
          optional: z.boolean().default(true),
          /** The output that reported outcomes are compared with. */
          output: name,
          /** `zeroOne`: wrong or right; `absolute`: distance over `scale`, at most 1. */
          loss: z.enum(['zeroOne', 'absolute']).default('zeroOne'),
          scale: z.number().gt(0).default(1),
        })
        .optional(),
    })
    .prefault({}),
  /** Splits the evidence that is shown by the value of a request header. */
  segments: z
    .strictObject({
      header: z
        .string()
        .regex(/^[a-z0-9-]{1,64}$/)
        .refine((header) => header !== 'authorization' && header !== 'cookie', {
          message: 'expected a header that holds no secret',
        }),
    })
    .optional(),
  /** Percent of live requests, step by step; empty: none. */
  canary: z
    .array(z.number().gt(0).lt(100))
    .max(10)
    .refine(
      (weights) => weights.every((weight, index) => index === 0 || weight > (weights[index - 1] ?? 0)),
      {
        message: 'expected ascending weights',
      },
    )
    .default([]),
  canaryMinPairs: z.int().min(1).default(200),
  canaryMinDuration: duration.prefault('5m'),
  /** How long the version before keeps judging after the promotion; 0s: not at all. */
  bake: duration.prefault('0s'),
  approval: z
    .strictObject({
      /** 0: automatic. */
      required: z.int().min(0).max(20).default(1),
      /** False: who pushed a version does not approve it. */
      selfApprove: z.boolean().default(true),
      /** Of each group so many of its members must be among the approvers. */
      groups: z
        .array(
          z.strictObject({
            name,
            members: z.array(name).min(1).max(200),
            required: z.int().min(1).max(20).default(1),
          }),
        )
        .max(20)
        .default([]),
      /** How long an approval is good. */
      expires: duration.prefault('7d'),
    })
    .prefault({}),
  /** Windows in which nothing is promoted; a rollback is never held back. */
  freeze: z
    .array(
      z
        .strictObject({
          /** When a window begins: minute, hour, day of month, month, day of week. */
          cron: z.string().min(9).max(100),
          duration: duration.refine((ms) => ms >= 60_000 && ms <= 31 * 86_400_000, {
            message: 'expected a duration from 1m to 31d',
          }),
          timeZone: z.string().min(1).max(64).default('UTC'),
        })
        .superRefine((window, context) => {
          const message = freezeMistake(window)
          if (message !== null) context.addIssue({ code: 'custom', message })
        }),
    )
    .max(20)
    .default([]),
  /** How long a rollout waits for a person. */
  decisionTimeout: duration.prefault('7d'),
})

const privacy = z.strictObject({
  /** Inputs of example pairs are kept besides outputs: encrypted, bounded, at most 7 days. */
  storeInputs: z.boolean().default(false),
  /** Live requests that are kept, encrypted, to be replayed through new versions. */
  capture: z
    .strictObject({
      share: share.default(0.01),
      maxRequests: z.int().min(1).max(100_000).default(2_000),
      maxBytes: z
        .int()
        .min(1_024)
        .max(1_073_741_824)
        .default(64 * 1024 * 1024),
      maxAge: duration
        .refine((ms) => ms <= 7 * 86_400_000, { message: 'expected at most 7d' })
        .prefault('24h'),
      /** Inputs whose values are replaced by zeros (texts: by empty ones) before anything is kept. */
      redact: z.array(name).max(100).default([]),
    })
    .optional(),
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
  privacy: privacy.prefault({}),
})

export type ModelConfig = z.infer<typeof modelConfigSchema>
export type RuntimeConfig = ModelConfig['runtime']
export type RolloutPolicy = ModelConfig['rollout']
export type PrivacyPolicy = ModelConfig['privacy']
export type SignatureMapping = z.infer<typeof signatureMappingSchema>
export type Comparator = z.infer<typeof comparison>

/** How one output is compared, after the defaults have been filled in. Only outputs with `gate` decide. */
export interface OutputComparison {
  readonly compare: Comparator
  readonly gate: boolean
}
