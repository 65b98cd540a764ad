import type { JsonSchema } from './json-schema.ts'
import { reference } from './json-schema.ts'

/** One operation before versions, labels, headers and errors are written out. */
export interface Operation {
  readonly method: 'get' | 'post'
  /** With `{selector}` where a version or a label may stand. */
  readonly path: string
  readonly id: string
  readonly tag: 'TensorFlow Serving' | 'Open Inference Protocol' | 'Outcomes' | 'Node'
  readonly summary: string
  readonly request?: JsonSchema
  /** Media types of the request. @defaultValue `application/json` */
  readonly requestTypes?: readonly string[]
  /** Undefined: the answer has no body. */
  readonly answer?: JsonSchema
  readonly answerTypes?: readonly string[]
  /** A version or a label may be named: `labels` only by TensorFlow Serving. */
  readonly selectors?: 'versions' | 'versionsAndLabels'
  /** It runs a model: takes the headers of a prediction. */
  readonly predicts?: true
  /** Answered without an API key, also where keys are required. */
  readonly open?: true
  readonly errors: readonly number[]
  /** There is no answer but an error. */
  readonly neverAnswers?: true
  /** Further answers that are no errors in the form of the protocol, by status. */
  readonly otherAnswers?: Readonly<Record<number, JsonSchema>>
}

const PREDICT_ERRORS = [400, 404, 413, 429, 500, 501, 503, 504] as const
const BINARY = 'application/octet-stream'

const TFS_PREDICTIONS: readonly Operation[] = (
  [
    ['predict', 'Predicts with named tensors or rows.', 'PredictRequest', 'PredictResponse'],
    [
      'classify',
      'Classifies examples by a signature of `model.yaml`.',
      'ExamplesRequest',
      'ClassifyResponse',
    ],
    ['regress', 'Regresses examples by a signature of `model.yaml`.', 'ExamplesRequest', 'RegressResponse'],
  ] as const
).map(([verb, summary, request, answer]) => ({
  method: 'post',
  path: `/v1/models/{model}{selector}:${verb}`,
  id: verb,
  tag: 'TensorFlow Serving',
  summary,
  request: reference(request),
  answer: reference(answer),
  selectors: 'versionsAndLabels',
  predicts: true,
  errors: PREDICT_ERRORS,
}))

function tfsRead(id: string, suffix: string, answer: string, summary: string): Operation {
  return {
    method: 'get',
    path: `/v1/models/{model}{selector}${suffix}`,
    id,
    tag: 'TensorFlow Serving',
    summary,
    answer: reference(answer),
    selectors: 'versionsAndLabels',
    errors: [400, 404],
  }
}

function oip(
  id: string,
  method: 'get' | 'post',
  path: string,
  summary: string,
  more: Partial<Operation> = {},
): Operation {
  return { method, path, id, tag: 'Open Inference Protocol', summary, errors: [400, 404], ...more }
}

const OIP: readonly Operation[] = [
  oip('serverLive', 'get', '/v2/health/live', 'Answers while the process runs.', {
    ...{ open: true, errors: [], answer: reference('Live') },
  }),
  oip('serverReady', 'get', '/v2/health/ready', 'Answers 200 while the node may be sent requests.', {
    ...{ open: true, errors: [], answer: reference('Ready'), otherAnswers: { 503: reference('Ready') } },
  }),
  oip('serverMetadata', 'get', '/v2', 'Name, version and extensions.', {
    answer: reference('ServerMetadata'),
    errors: [],
  }),
  oip('modelMetadata', 'get', '/v2/models/{model}{selector}', 'Inputs and outputs of a model.', {
    answer: reference('ModelMetadata'),
    selectors: 'versions',
    errors: [400, 404, 503],
  }),
  oip('modelReady', 'get', '/v2/models/{model}{selector}/ready', 'Answers 200 while a version can answer.', {
    answer: reference('ModelReady'),
    selectors: 'versions',
    errors: [400, 404, 503],
  }),
  oip(
    'modelConfig',
    'get',
    '/v2/models/{model}{selector}/config',
    "The part of Triton's configuration that clients read.",
    {
      answer: reference('ModelConfig'),
      selectors: 'versions',
      errors: [400, 404, 503],
    },
  ),
  oip(
    'infer',
    'post',
    '/v2/models/{model}{selector}/infer',
    'Predicts; tensors as JSON or as bytes behind it.',
    {
      request: reference('InferRequest'),
      requestTypes: ['application/json', BINARY],
      answer: reference('InferResponse'),
      answerTypes: ['application/json', BINARY],
      selectors: 'versions',
      predicts: true,
      errors: PREDICT_ERRORS,
    },
  ),
  oip('repositoryIndex', 'post', '/v2/repository/index', 'Every version that the node knows.', {
    request: reference('IndexRequest'),
    answer: reference('RepositoryIndex'),
    errors: [400, 413, 429],
  }),
  ...(['load', 'unload'] as const).map((verb) =>
    oip(
      `${verb}Model`,
      'post',
      `/v2/repository/models/{model}/${verb}`,
      `Refused: what is served is decided in Git.`,
      {
        errors: [503],
        neverAnswers: true,
      },
    ),
  ),
  oip('allStatistics', 'get', '/v2/models/stats', 'Statistics of all models.', {
    answer: reference('ModelStatistics'),
    errors: [],
  }),
  oip('modelStatistics', 'get', '/v2/models/{model}{selector}/stats', 'Statistics of a model.', {
    answer: reference('ModelStatistics'),
    selectors: 'versions',
  }),
]

const OUTCOMES: readonly Operation[] = [
  {
    ...{ method: 'post', path: '/v1/outcomes', id: 'reportOutcomes', tag: 'Outcomes' },
    summary: 'Reports what turned out to be true about predictions. Answered when it is on disk.',
    request: reference('OutcomesRequest'),
    answer: reference('OutcomesResponse'),
    errors: [400, 404, 413, 429, 500, 501, 503],
  },
]

const NODE: readonly Operation[] = [
  ...(
    [
      ['metrics', '/metrics'],
      ['metricsOfTensorFlowServing', '/monitoring/prometheus/metrics'],
    ] as const
  ).map(
    ([id, path]): Operation => ({
      ...{ method: 'get', path, id, tag: 'Node', open: true, errors: [429] },
      summary: 'Metrics in the text format of Prometheus.',
      answer: { type: 'string' },
      answerTypes: ['text/plain'],
    }),
  ),
  {
    ...{ method: 'get', path: '/openapi.json', id: 'openapi', tag: 'Node', open: true, errors: [] },
    summary: 'This document.',
    answer: { type: 'object' },
  },
]

/** Every operation of the REST surfaces. */
export const OPERATIONS: readonly Operation[] = [
  ...TFS_PREDICTIONS,
  tfsRead('modelStatus', '', 'ModelStatus', 'States of the versions of a model.'),
  tfsRead('modelSignatures', '/metadata', 'ModelSignatures', 'Signatures of a version.'),
  ...OIP,
  ...OUTCOMES,
  ...NODE,
]
