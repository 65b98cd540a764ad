import { z } from 'zod'

/** Where a node shows how a model stands (`GET`) and takes overrides of it (`POST`): followed by the model's name. */
export const OVERRIDES_PATH = '/understudy/v1/overrides/'
/** Request header with the proof that lets its bearer look: see `overrideProof`. */
export const OVERRIDE_PROOF_HEADER = 'understudy-override-proof'

const version = z.number().int().min(1).nullable()

const schema = z.object({
  model: z.string().max(100),
  generation: z.number().int().min(0).nullable(),
  live: version,
  previous: version,
  override: z
    .object({
      ...{ id: z.uuid(), from: z.number().int(), to: z.number().int() },
      ...{ actor: z.string().max(200), reason: z.string().max(500) },
    })
    .nullable(),
  planAgeMs: z.number().min(0).nullable(),
})

/** How a model stands on a node: what an operator decides on, and what a node answers to a decision. */
export interface OverrideStatus {
  readonly model: string
  /** Of the labels in effect. Null: the model carries none here yet. */
  readonly generation: number | null
  readonly live: number | null
  /** The version that would answer after an override; null: there is none that is loaded. */
  readonly previous: number | null
  /** What stands instead of the plan. Null: the plan says what is live. */
  readonly override: {
    readonly id: string
    readonly from: number
    readonly to: number
    readonly actor: string
    readonly reason: string
  } | null
  /** Since the control plane last confirmed the plan. Null: a moment ago. */
  readonly planAgeMs: number | null
}

/** Reads what a node answered; undefined when it is something else. */
export function parseOverrideStatus(value: unknown): OverrideStatus | undefined {
  const result = schema.safeParse(value)
  return result.success ? result.data : undefined
}
