import { z } from 'zod'

const named = z.record(z.string().min(1), z.unknown())

/**
 * One golden sample file: a request and the answer that this version must give, both by name with the batch as first axis.
 * `tolerance` is absolute and relative: `|answer - expected| <= atol + rtol * |expected|`.
 */
export const goldenSampleSchema = z.strictObject({
  request: z.strictObject({ inputs: named }),
  response: z.strictObject({ outputs: named }),
  tolerance: z
    .strictObject({ atol: z.number().min(0).default(1e-4), rtol: z.number().min(0).default(1e-3) })
    .prefault({}),
})

export type GoldenSample = z.infer<typeof goldenSampleSchema>
