import { MODEL_NAME_PATTERN } from '@understudy/core'
import { z } from 'zod'

/**
 * A value of any nesting; lists are row-major axes. 64-bit integers beyond 2^53 are decimal strings; `"NaN"`, `"Infinity"` and
 * `"-Infinity"` stand for what JSON has no number for.
 */
export type TensorValue = number | string | boolean | readonly TensorValue[]

/** A tensor given flat, with its shape. A type that is named must be the signature's. */
export interface FlatTensor {
  readonly dtype?: string | undefined
  readonly shape: readonly number[]
  readonly data: readonly (number | string | boolean)[]
}

/** One input: nested lists, or flat with a shape. */
export type TensorInput = TensorValue | FlatTensor

/** One row of a request: a value where the model has one input, else values by input name. */
export type RowInput = TensorValue | { readonly [input: string]: TensorValue }

const target = {
  model: z.string().regex(MODEL_NAME_PATTERN, 'expected a model name'),
  version: z.int().min(1).optional(),
  label: z.string().min(1).max(63).optional(),
}

const oneTarget = (input: { version?: number | undefined; label?: string | undefined }): boolean =>
  input.version === undefined || input.label === undefined

const TARGET_MESSAGE = 'name a version or a label, not both'

export const describeSchema = z.object(target).refine(oneTarget, TARGET_MESSAGE)

// Values are checked against the signature of the version that answers, which no schema built beforehand knows.
export const predictSchema = z
  .object({
    ...target,
    inputs: z.record(z.string(), z.custom<TensorInput>()).optional(),
    instances: z.array(z.custom<RowInput>()).min(1).optional(),
    outputs: z.array(z.string()).min(1).max(1_000).optional(),
    timeoutMs: z.number().gt(0).max(600_000).optional(),
  })
  .refine(oneTarget, TARGET_MESSAGE)
  .refine((input) => (input.inputs === undefined) !== (input.instances === undefined), {
    message: 'give the tensors either as inputs or as instances',
  })

export type PredictInput = z.infer<typeof predictSchema>
export type VersionTarget = z.infer<typeof describeSchema>
