import { MODEL_NAME_PATTERN, SERVED_BY_HEADERS } from '@understudy/core'
import type { JsonSchema } from './json-schema.ts'

export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'header'
  readonly required?: true
  readonly description: string
  readonly schema: JsonSchema
}

function inPath(name: string, description: string, schema: JsonSchema): Parameter {
  return { name, in: 'path', required: true, description, schema }
}

function inHeader(name: string, description: string, schema: JsonSchema): Parameter {
  return { name, in: 'header', description, schema }
}

const NUMBER: JsonSchema = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER }

export const PATH_PARAMETERS: Readonly<Record<string, Parameter>> = {
  model: inPath('model', 'Name of the model.', {
    type: 'string',
    pattern: MODEL_NAME_PATTERN.source,
  }),
  version: inPath('version', 'Number of a loaded version.', NUMBER),
  label: inPath(
    'label',
    'Label of a loaded version: `live`, `previous`, `shadow`, `canary`, or one of your own.',
    {
      type: 'string',
    },
  ),
}

/** Headers that every prediction takes. */
export const CALL_HEADERS: readonly Parameter[] = [
  inHeader(
    SERVED_BY_HEADERS.requestId,
    'Id of the request, at most 128 printable characters; one is made without it.',
    {
      type: 'string',
    },
  ),
  inHeader(
    'understudy-timeout-ms',
    "Budget in milliseconds, queueing included; without it the model's own.",
    {
      type: 'number',
      minimum: 0,
      maximum: 600_000,
    },
  ),
  inHeader(SERVED_BY_HEADERS.minGeneration, 'Least generation of the plan that may answer; else 503.', {
    type: 'integer',
    minimum: 0,
  }),
  inHeader(SERVED_BY_HEADERS.version, 'Pins the version, where the path names none.', NUMBER),
  inHeader('understudy-label', 'Pins a label, where the path names none.', { type: 'string' }),
  inHeader('traceparent', 'W3C trace context.', { type: 'string' }),
]

/** Headers of every answer. */
export const ANSWER_HEADERS: Readonly<
  Record<string, { readonly description: string; readonly schema: JsonSchema }>
> = {
  [SERVED_BY_HEADERS.requestId]: { description: 'Id of the request.', schema: { type: 'string' } },
  [SERVED_BY_HEADERS.model]: { description: 'Model that answered.', schema: { type: 'string' } },
  [SERVED_BY_HEADERS.version]: { description: 'Version that answered.', schema: NUMBER },
  [SERVED_BY_HEADERS.digest]: { description: 'What that version is made of.', schema: { type: 'string' } },
  [SERVED_BY_HEADERS.commit]: { description: 'Commit that brought it.', schema: { type: 'string' } },
  [SERVED_BY_HEADERS.variant]: {
    description: 'Why that version answered.',
    schema: { type: 'string', enum: ['live', 'canary', 'pinned'] },
  },
  [SERVED_BY_HEADERS.generation]: {
    description: "Generation of the model's plan that was carried out.",
    schema: { type: 'integer', minimum: 0 },
  },
  [SERVED_BY_HEADERS.planAge]: {
    description: 'Milliseconds since the plan was confirmed; only when it is not current.',
    schema: { type: 'integer', minimum: 0 },
  },
}
