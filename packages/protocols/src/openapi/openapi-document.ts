import { type JsonSchema, reference } from './json-schema.ts'
import { OPERATIONS, type Operation } from './operations.ts'
import { ANSWER_HEADERS, CALL_HEADERS, PATH_PARAMETERS, type Parameter } from './parameters.ts'
import { SCHEMAS } from './schemas.ts'

/** A way to name a version in a path. */
const SELECTORS = {
  '': { path: '', idSuffix: '', parameter: undefined },
  version: { path: '/versions/{version}', idSuffix: 'OfVersion', parameter: 'version' },
  label: { path: '/labels/{label}', idSuffix: 'OfLabel', parameter: 'label' },
} as const
type Selector = (typeof SELECTORS)[keyof typeof SELECTORS]

const ERROR_MEANINGS: Readonly<Record<number, string>> = {
  400: 'The request is wrong; the message says what and where.',
  401: 'An API key is needed, or the one given is not accepted.',
  403: 'The API key may not do that.',
  404: 'There is no such model or version.',
  413: 'The body is larger than the node takes.',
  429: 'Too much at once; `Retry-After` says when to try again.',
  500: 'A fault of the platform; the message has an id to report.',
  501: 'The protocol has it, this server does not.',
  503: 'It cannot be answered now; `Retry-After` says when to try again.',
  504: 'The budget of the request ran out.',
}

function selectorsOf({ selectors }: Operation): readonly Selector[] {
  switch (selectors) {
    case undefined:
      return [SELECTORS['']]
    case 'versions':
      return [SELECTORS[''], SELECTORS.version]
    case 'versionsAndLabels':
      return [SELECTORS[''], SELECTORS.version, SELECTORS.label]
  }
}

function content(schema: JsonSchema, types: readonly string[] = ['application/json']) {
  return Object.fromEntries(types.map((type) => [type, { schema: schemaOf(type, schema) }]))
}

/** Bytes have no schema but that they are there. */
function schemaOf(type: string, schema: JsonSchema): JsonSchema {
  return type === 'application/octet-stream' ? {} : schema
}

function answersOf(operation: Operation) {
  const { answer, answerTypes, errors, open, predicts, neverAnswers, otherAnswers = {} } = operation
  const refusals = open === true ? errors : [...errors, 401, 403]
  const failed = Object.fromEntries(
    [...refusals]
      .sort((a, b) => a - b)
      .map((status) => [String(status), { $ref: `#/components/responses/Error${status}` }]),
  )
  const ok = {
    description: 'Answered.',
    ...(predicts === true && { headers: headerReferences() }),
    ...(answer !== undefined && { content: content(answer, answerTypes) }),
  }
  const others = Object.entries(otherAnswers).map(([status, schema]) => {
    return [status, { description: 'Not now.', content: content(schema) }] as const
  })
  return { ...(neverAnswers !== true && { 200: ok }), ...Object.fromEntries(others), ...failed }
}

function headerReferences() {
  const names = Object.keys(ANSWER_HEADERS)
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))
}

function parametersOf(
  path: string,
  { predicts }: Operation,
): readonly (Parameter | { readonly $ref: string })[] {
  const inPath = Object.values(PATH_PARAMETERS).filter(({ name }) => path.includes(`{${name}}`))
  const headers = CALL_HEADERS.map(({ name }) => ({ $ref: `#/components/parameters/${name}` }))
  return predicts === true ? [...inPath, ...headers] : inPath
}

function entriesOf(operation: Operation) {
  return selectorsOf(operation).map((selector) => {
    const path = operation.path.replace('{selector}', selector.path)
    const { id, tag, summary, request, requestTypes, open } = operation
    const entry = {
      operationId: `${id}${selector.idSuffix}`,
      tags: [tag],
      summary,
      parameters: parametersOf(path, operation),
      ...(request !== undefined && {
        requestBody: { required: true, content: content(request, requestTypes) },
      }),
      responses: answersOf(operation),
      ...(open === true && { security: [] }),
    }
    return { path, method: operation.method, entry }
  })
}

function paths() {
  const found: Record<string, Record<string, unknown>> = {}
  for (const { path, method, entry } of OPERATIONS.flatMap(entriesOf)) {
    found[path] = { ...found[path], [method]: entry }
  }
  return found
}

function errorResponses() {
  const entries = Object.entries(ERROR_MEANINGS).map(([status, description]) => {
    const retry = status === '429' || status === '503'
    const headers = { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer', minimum: 1 } } }
    const body = { description, content: content(reference('Error')), ...(retry && { headers }) }
    return [`Error${status}`, body] as const
  })
  return Object.fromEntries(entries)
}

/**
 * The OpenAPI 3.1 description of the REST surfaces of a node, made of the same tables that the codecs use.
 *
 * @param requiresKeys whether this node answers predictions only to those who have an API key
 */
export function openApiDocument(options: { readonly version: string; readonly requiresKeys: boolean }) {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Understudy serving node',
      version: options.version,
      description:
        'Predictions over the REST APIs of TensorFlow Serving and of the Open Inference Protocol v2, and outcomes of them. Every answer says who gave it. The same predictions are answered over gRPC, and under `/trpc` for TypeScript applications.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: options.requiresKeys ? [{ apiKey: [] }] : [{}, { apiKey: [] }],
    tags: [
      { name: 'TensorFlow Serving' },
      { name: 'Open Inference Protocol' },
      { name: 'Outcomes' },
      { name: 'Node' },
    ],
    paths: paths(),
    components: {
      securitySchemes: {
        apiKey: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API key, made by `understudy key create`.',
        },
      },
      parameters: Object.fromEntries(CALL_HEADERS.map((one) => [one.name, one])),
      headers: ANSWER_HEADERS,
      responses: errorResponses(),
      schemas: SCHEMAS,
    },
  }
}
