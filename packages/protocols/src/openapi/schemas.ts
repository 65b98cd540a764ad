import { CATEGORIES, MODEL_NAME_PATTERN, OUTCOME_STATUSES } from '@understudy/core'
import { OIP_DATATYPE } from '../oip/datatypes.ts'
import { type JsonSchema, list, object, reference } from './json-schema.ts'

const TEXT: JsonSchema = { type: 'string' }
const COUNT: JsonSchema = { type: 'integer', minimum: 0 }
const SHAPE = list({ type: 'integer', minimum: -1 })
const NAMED_VALUES: JsonSchema = { type: 'object', additionalProperties: reference('Value') }
const DATATYPE: JsonSchema = { type: 'string', enum: Object.values(OIP_DATATYPE) }

/** What both protocols say of tensors, and TensorFlow Serving's documents. */
const TFS: Readonly<Record<string, JsonSchema>> = {
  Error: object({ error: { ...TEXT, description: 'What happened, to what, and what to do.' } }),
  Value: {
    description:
      'A number, a boolean, a text, `{"b64": …}`, or lists of them in row-major order. NaN, Infinity and -Infinity stand bare, as TensorFlow Serving writes and reads them.',
    anyOf: [
      { type: 'number' },
      { type: 'boolean' },
      TEXT,
      object({ b64: { ...TEXT, format: 'byte' } }),
      list(reference('Value')),
    ],
  },
  PredictRequest: {
    oneOf: [
      object(
        {
          signature_name: TEXT,
          instances: {
            ...list({ anyOf: [reference('Value'), NAMED_VALUES] }),
            minItems: 1,
            description: 'Row form: one entry a row; an object by input name where there are several inputs.',
          },
        },
        ['signature_name'],
      ),
      object(
        {
          signature_name: TEXT,
          inputs: {
            anyOf: [reference('Value'), NAMED_VALUES],
            description: 'Columnar form: whole tensors by input name, or one value for a single input.',
          },
        },
        ['signature_name'],
      ),
    ],
  },
  PredictResponse: {
    oneOf: [
      object({ predictions: list({ anyOf: [reference('Value'), NAMED_VALUES] }) }),
      object({ outputs: { anyOf: [reference('Value'), NAMED_VALUES] } }),
    ],
  },
  ExamplesRequest: object(
    {
      signature_name: TEXT,
      context: { ...NAMED_VALUES, description: 'Features that all examples share.' },
      examples: { ...list(NAMED_VALUES), minItems: 1, description: 'Features by name, one object a row.' },
    },
    ['signature_name', 'context'],
  ),
  ClassifyResponse: object({
    results: {
      ...list(list({ type: 'array', items: {}, minItems: 2, maxItems: 2 })),
      description: 'For each example its classes: label and score.',
    },
  }),
  RegressResponse: object({ results: list({ type: 'number' }) }),
  ModelStatus: object({
    model_version_status: list(
      object({
        version: { ...TEXT, format: 'int64' },
        state: { ...TEXT, enum: ['UNKNOWN', 'START', 'LOADING', 'AVAILABLE', 'UNLOADING', 'END'] },
        status: object({ error_code: { ...TEXT, enum: ['OK', ...CATEGORIES] }, error_message: TEXT }),
      }),
    ),
  }),
  ModelSignatures: object({
    model_spec: object({ name: TEXT, signature_name: TEXT, version: { ...TEXT, format: 'int64' } }),
    metadata: object({
      signature_def: object({ signature_def: { type: 'object', additionalProperties: { type: 'object' } } }),
    }),
  }),
}

const OIP_TENSOR = { name: TEXT, shape: list(COUNT), datatype: DATATYPE, parameters: reference('Parameters') }

const CONFIG_TENSORS = list(object({ name: TEXT, data_type: TEXT, dims: SHAPE }))

/** Documents of the Open Inference Protocol. */
const OIP: Readonly<Record<string, JsonSchema>> = {
  Parameters: {
    type: 'object',
    additionalProperties: { anyOf: [TEXT, { type: 'number' }, { type: 'boolean' }] },
  },
  InferRequest: object(
    {
      id: { ...TEXT, description: 'Comes back with the answer.' },
      parameters: reference('Parameters'),
      inputs: list(
        object(
          {
            ...OIP_TENSOR,
            data: { anyOf: [reference('Value')], description: 'Nested, or flat in row-major order.' },
          },
          ['parameters', 'data'],
        ),
      ),
      outputs: list(object({ name: TEXT, parameters: reference('Parameters') }, ['parameters'])),
    },
    ['id', 'parameters', 'outputs'],
  ),
  InferResponse: object(
    {
      model_name: TEXT,
      model_version: TEXT,
      id: TEXT,
      parameters: reference('Parameters'),
      outputs: list(object({ ...OIP_TENSOR, data: { type: 'array', items: {} } }, ['parameters', 'data'])),
    },
    ['id', 'parameters'],
  ),
  Live: object({ live: { type: 'boolean' } }),
  Ready: object({ ready: { type: 'boolean' } }),
  ModelReady: object({ name: TEXT, ready: { type: 'boolean' } }),
  ModelConfig: object({
    ...{ name: TEXT, platform: TEXT, backend: TEXT, max_batch_size: COUNT },
    ...{ input: CONFIG_TENSORS, output: CONFIG_TENSORS },
  }),
  ServerMetadata: object({ name: TEXT, version: TEXT, extensions: list(TEXT) }),
  ModelMetadata: object({
    name: TEXT,
    versions: list(TEXT),
    platform: TEXT,
    inputs: list(object({ name: TEXT, datatype: DATATYPE, shape: SHAPE })),
    outputs: list(object({ name: TEXT, datatype: DATATYPE, shape: SHAPE })),
  }),
  IndexRequest: object({ ready: { type: 'boolean', default: false } }, ['ready']),
  RepositoryIndex: list(
    object({
      name: TEXT,
      version: TEXT,
      state: { ...TEXT, enum: ['READY', 'LOADING', 'UNLOADING', 'UNAVAILABLE'] },
      reason: TEXT,
    }),
  ),
  Duration: object({ count: COUNT, ns: COUNT }),
  ModelStatistics: object({
    model_stats: list(
      object({
        name: TEXT,
        version: TEXT,
        last_inference: { ...COUNT, description: 'Milliseconds since the epoch; 0 for none.' },
        inference_count: { ...COUNT, description: 'Rows.' },
        execution_count: { ...COUNT, description: 'Runs of the model.' },
        inference_stats: { type: 'object', additionalProperties: reference('Duration') },
        batch_stats: list(object({ batch_size: COUNT })),
      }),
    ),
  }),
}

/** What turned out to be true about predictions. */
const OUTCOMES: Readonly<Record<string, JsonSchema>> = {
  Outcome: {
    ...object(
      {
        model: { ...TEXT, pattern: MODEL_NAME_PATTERN.source },
        requestId: {
          ...TEXT,
          minLength: 1,
          maxLength: 200,
          description: 'Id of the request that was predicted, as its answer carried it.',
        },
        row: { ...COUNT, default: 0, description: 'Row of that request.' },
        label: {
          description: 'The true class.',
          anyOf: [{ ...TEXT, minLength: 1, maxLength: 200 }, { type: 'integer' }, { type: 'boolean' }],
        },
        value: { type: 'number', description: 'The true number.' },
      },
      ['row', 'label', 'value'],
    ),
    additionalProperties: false,
    oneOf: [
      { type: 'object', required: ['label'] },
      { type: 'object', required: ['value'] },
    ],
  },
  OutcomesRequest: {
    oneOf: [
      reference('Outcome'),
      {
        ...object({ outcomes: { ...list(reference('Outcome')), minItems: 1, maxItems: 1_000 } }),
        additionalProperties: false,
      },
    ],
  },
  OutcomeResult: object({
    status: {
      ...TEXT,
      enum: OUTCOME_STATUSES,
      description:
        'The first report of a row counts; one that differs is kept as a contradiction and changes no score.',
    },
  }),
  OutcomesResponse: {
    oneOf: [reference('OutcomeResult'), object({ results: list(reference('OutcomeResult')) })],
  },
}

/** Every document of the REST surfaces by its name. */
export const SCHEMAS: Readonly<Record<string, JsonSchema>> = { ...TFS, ...OIP, ...OUTCOMES }
