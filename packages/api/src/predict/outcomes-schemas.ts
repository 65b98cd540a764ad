import { MODEL_NAME_PATTERN, PlatformError, type ReportedOutcome } from '@understudy/core'
import { z } from 'zod'

/** Outcomes that one report may hold. */
export const OUTCOMES_MAX = 1_000
const REQUEST_ID_LENGTH_MAX = 200
const LABEL_LENGTH_MAX = 200
const ROW_MAX = 2 ** 31 - 1
const NOT_STORABLE = /[\0\p{Surrogate}]/u

/** What the record can hold: text without NUL and without halves of characters. */
function text(lengthMax: number, what: string) {
  const expected = `expected ${what} of 1 to ${lengthMax} whole characters`
  return z
    .string()
    .min(1, expected)
    .max(lengthMax, expected)
    .refine((value) => !NOT_STORABLE.test(value), expected)
}

const oneOutcome = z
  .strictObject({
    model: z.string().regex(MODEL_NAME_PATTERN, 'expected a model name'),
    requestId: text(REQUEST_ID_LENGTH_MAX, 'the id of a request'),
    row: z.int('expected the number of a row').min(0).max(ROW_MAX).default(0),
    label: z
      .union([text(LABEL_LENGTH_MAX, 'a label'), z.int(), z.boolean()], {
        error: `expected a text of 1 to ${LABEL_LENGTH_MAX} characters, a whole number or a boolean`,
      })
      .optional(),
    value: z.number('expected a finite number').optional(),
  })
  .refine(({ label, value }) => (label === undefined) !== (value === undefined), {
    message: 'give either label or value',
  })

/** One outcome as clients send it: `label`, a class, or `value`, a number. */
export const outcomeSchema = oneOutcome.transform(
  ({ model, requestId, row, label, value }): ReportedOutcome => {
    const truth = value === undefined ? { label: String(label) } : { value }
    return { model, requestId, row, truth }
  },
)

export type OutcomeInput = z.input<typeof outcomeSchema>

const listSchema = z.strictObject({
  outcomes: z
    .array(outcomeSchema)
    .min(1, 'expected at least one outcome')
    .max(OUTCOMES_MAX, `expected at most ${OUTCOMES_MAX} outcomes`),
})

/** What a body of `POST /v1/outcomes` asks for. */
export interface OutcomesBody {
  readonly outcomes: readonly ReportedOutcome[]
  /** They came as a list, and are answered as one. */
  readonly isList: boolean
}

/** Reads a parsed body: one outcome, or `{outcomes: […]}`. @throws PlatformError `request.malformed`, naming the member that is wrong */
export function readOutcomesBody(body: unknown): OutcomesBody {
  if (typeof body === 'object' && body !== null && 'outcomes' in body) {
    return { outcomes: parsed(listSchema, body).outcomes, isList: true }
  }
  return { outcomes: [parsed(outcomeSchema, body)], isList: false }
}

function parsed<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const where = issue?.path.reduce<string>(
    (path, part) => (typeof part === 'number' ? `${path}[${part}]` : `${path}.${String(part)}`),
    'body',
  )
  throw new PlatformError('request.malformed', `${where}: ${issue?.message ?? 'it is no outcome'}.`)
}
