import { z } from 'zod'
import { isModelName } from '../ids.ts'

const version = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER)

const schema = z.strictObject({
  id: z.uuid(),
  model: z.string().refine(isModelName),
  generation: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  from: version,
  to: version,
  reason: z.string().min(3).max(500),
  actor: z.string().min(1).max(200),
  issuedAtMs: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
})

/**
 * An operator's decision for one node that has no control plane: take `from` off and let `to` answer, while the plan is at the generation that
 * was seen.
 */
export interface OverrideDocument {
  /** A random UUID: the same document twice is one decision. */
  readonly id: string
  readonly model: string
  /** Of the plan that the node showed. */
  readonly generation: number
  /** The version to take off: the live one. */
  readonly from: number
  /** The version to answer instead: the previous one. */
  readonly to: number
  readonly reason: string
  readonly actor: string
  readonly issuedAtMs: number
}

/** What a node is sent. */
export interface SignedOverride {
  readonly document: OverrideDocument
  /** See `signOverride`. */
  readonly signature: string
}

const signedSchema = z.strictObject({ document: schema, signature: z.string().regex(/^[0-9a-f]{64}$/) })

/** Reads a signed override out of any value; undefined when it is none. Says nothing about whether the signature is right. */
export function parseSignedOverride(value: unknown): SignedOverride | undefined {
  const result = signedSchema.safeParse(value)
  return result.success ? result.data : undefined
}
