import { credentials } from '@grpc/grpc-js'
import { type InferenceRequest, PlatformError } from '@understudy/core'
import {
  HealthCheckRequest,
  HealthCheckResponse,
} from '@understudy/protocols/generated/grpc/health/v1/health'
import type { Example } from '@understudy/protocols/generated/tensorflow/core/example/example'
import { TensorProto } from '@understudy/protocols/generated/tensorflow/core/framework/tensor'
import {
  ClassificationRequest,
  ClassificationResponse,
} from '@understudy/protocols/generated/tensorflow_serving/apis/classification'
import {
  GetModelMetadataRequest,
  GetModelMetadataResponse,
  SignatureDefMap,
} from '@understudy/protocols/generated/tensorflow_serving/apis/get_model_metadata'
import {
  GetModelStatusRequest,
  GetModelStatusResponse,
} from '@understudy/protocols/generated/tensorflow_serving/apis/get_model_status'
import {
  MultiInferenceRequest,
  MultiInferenceResponse,
} from '@understudy/protocols/generated/tensorflow_serving/apis/inference'
import type { Input } from '@understudy/protocols/generated/tensorflow_serving/apis/input'
import type { ModelSpec } from '@understudy/protocols/generated/tensorflow_serving/apis/model'
import {
  ReloadConfigRequest,
  ReloadConfigResponse,
} from '@understudy/protocols/generated/tensorflow_serving/apis/model_management'
import {
  PredictRequest,
  PredictResponse,
} from '@understudy/protocols/generated/tensorflow_serving/apis/predict'
import {
  RegressionRequest,
  RegressionResponse,
} from '@understudy/protocols/generated/tensorflow_serving/apis/regression'
import type { RequestEnded } from '@understudy/serving'
import { GrpcReflection } from 'grpc-js-reflection-client'
import { describe, expect, it } from 'vitest'
import type { Access } from '../src/auth/access.ts'
import { failureOf, type GrpcFixture, startGrpc } from './grpc-fixture.ts'

const SERVICE = '/tensorflow.serving.PredictionService'
const MODELS = '/tensorflow.serving.ModelService'
const STATUS = {
  INVALID_ARGUMENT: 3,
  NOT_FOUND: 5,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  UNIMPLEMENTED: 12,
}
const EMPTY = TensorProto.decode(new Uint8Array())

type Options = Parameters<GrpcFixture['client']['unary']>[3]

function floats(values: readonly number[], shape: readonly number[] = [values.length]): TensorProto {
  const dim = shape.map((size) => ({ size: BigInt(size), name: '' }))
  return { ...EMPTY, dtype: 1, tensorShape: { dim, unknownRank: false }, floatVal: [...values] }
}

function spec(more: Partial<ModelSpec> = {}): ModelSpec {
  return { name: 'half', versionChoice: undefined, signatureName: '', ...more }
}

function version(value: bigint): Partial<ModelSpec> {
  return { versionChoice: { $case: 'version', value } }
}

function predict({ client }: GrpcFixture, more: Partial<PredictRequest> = {}, options?: Options) {
  const request: PredictRequest = {
    modelSpec: spec(),
    inputs: new Map([['x', floats([2, 4])]]),
    outputFilter: [],
    predictStreamedOptions: undefined,
    ...more,
  }
  return client.unary(`${SERVICE}/Predict`, [PredictRequest, PredictResponse], request, options)
}

function rows(...values: readonly (readonly [number, number, bigint])[]): Input {
  const examples = values.map(([a, b, petals]): Example => {
    const cm = { kind: { $case: 'floatList' as const, value: { value: [a, b] } } }
    const count = { kind: { $case: 'int64List' as const, value: { value: [petals] } } }
    return {
      features: {
        feature: new Map<string, typeof cm | typeof count>([
          ['cm', cm],
          ['petals', count],
        ]),
      },
    }
  })
  return { kind: { $case: 'exampleList', value: { examples } } }
}

function halves(...values: number[]): Input {
  const examples = values.map((value): Example => {
    const x = { kind: { $case: 'floatList' as const, value: { value: [value] } } }
    return { features: { feature: new Map([['x', x]]) } }
  })
  return { kind: { $case: 'exampleList', value: { examples } } }
}

/** Status of a call that must fail. */
async function failure(call: Promise<unknown>): Promise<{ code: number; details: string }> {
  const { code, details } = await failureOf(call)
  return { code, details }
}

describe('Predict', () => {
  it('answers with the list of the type, the version and the signature', async () => {
    await using grpc = await startGrpc()
    const { message, metadata } = await predict(grpc, {}, { metadata: { 'understudy-request-id': 'mine' } })
    const y = message.outputs.get('y')
    expect(y).toMatchObject({ dtype: 1, floatVal: [3, 4] })
    expect(y?.tensorContent).toHaveLength(0)
    expect(y?.tensorShape?.dim.map(({ size }) => size)).toEqual([2n])
    expect(message.modelSpec).toEqual(spec({ ...version(2n), signatureName: 'serving_default' }))
    expect(metadata.getMap()).toMatchObject({
      'understudy-request-id': 'mine',
      'understudy-model': 'half',
      'understudy-version': '2',
    })
  })

  it('takes a version by number, by label and by metadata, and no two that differ', async () => {
    await using grpc = await startGrpc()
    const versions = await Promise.all([
      predict(grpc, { modelSpec: spec(version(1n)) }),
      predict(grpc, { modelSpec: spec({ versionChoice: { $case: 'versionLabel', value: 'live' } }) }),
      predict(grpc, {}, { metadata: { 'understudy-version': '1' } }),
    ])
    expect(versions.map(({ message }) => message.modelSpec?.versionChoice?.value)).toEqual([1n, 2n, 1n])
    const both = predict(grpc, { modelSpec: spec(version(2n)) }, { metadata: { 'understudy-version': '1' } })
    expect((await failure(both)).code).toBe(STATUS.INVALID_ARGUMENT)
  })

  it('reads content and lists alike, and asks for the outputs that were named', async () => {
    await using grpc = await startGrpc()
    const content = new Uint8Array(Float32Array.of(2, 4).buffer)
    const x = { ...floats([], [2]), tensorContent: content }
    const { message } = await predict(grpc, { inputs: new Map([['x', x]]), outputFilter: ['y'] })
    expect(message.outputs.get('y')?.floatVal).toEqual([3, 4])
    expect(grpc.predictor.requests[0]?.outputs).toEqual(['y'])
  })

  const NOT_FOUND = STATUS.NOT_FOUND
  const INVALID = STATUS.INVALID_ARGUMENT
  it.each<[string, Partial<PredictRequest>, number, string]>([
    ['no model', { modelSpec: undefined }, INVALID, 'Missing ModelSpec'],
    ['no name', { modelSpec: spec({ name: '' }) }, INVALID, 'ModelSpec has no name specified.'],
    [
      'an unknown model',
      { modelSpec: spec({ name: 'no' }) },
      NOT_FOUND,
      'Servable not found for request: Latest(no)',
    ],
    [
      'an unknown version',
      { modelSpec: spec(version(99n)) },
      NOT_FOUND,
      'Servable not found for request: Specific(half, 99)',
    ],
    [
      'an unknown label',
      { modelSpec: spec({ versionChoice: { $case: 'versionLabel', value: 'zz' } }) },
      INVALID,
      'Unrecognized servable version label: zz',
    ],
    [
      'an unknown signature',
      { modelSpec: spec({ signatureName: 'zz' }) },
      STATUS.FAILED_PRECONDITION,
      'Serving signature key "zz" not found.',
    ],
    [
      'a signature for examples',
      { modelSpec: spec({ signatureName: 'halved' }) },
      INVALID,
      'Expected prediction signature method_name to be tensorflow/serving/predict. Was: tensorflow/serving/regress',
    ],
    [
      'a tensor that cannot be read',
      { inputs: new Map([['x', { ...floats([], [2]), tensorContent: new Uint8Array(3) }]]) },
      INVALID,
      'tensor parsing error: x (unexpected total byte size 3, expecting 8 for FP32 [2])',
    ],
    [
      'a tensor that cannot be read, for an unknown model',
      { modelSpec: spec({ name: 'no' }), inputs: new Map([['x', EMPTY]]) },
      NOT_FOUND,
      'Servable not found for request: Latest(no)',
    ],
    [
      'a tensor that cannot be read, and one too many',
      {
        inputs: new Map([
          ['x', EMPTY],
          ['z', EMPTY],
        ]),
      },
      INVALID,
      'input size does not match signature: 2!=1 len({x,z}) != len({x}). Sent extra: {z}. Missing but required: {}.',
    ],
    [
      'one element for 2^31',
      { inputs: new Map([['x', floats([1], [2 ** 31])]]) },
      STATUS.RESOURCE_EXHAUSTED,
      'tensor parsing error: x (it grows to 8589934592 bytes; 67108864 are allowed)',
    ],
  ])('refuses %s', async (_, more, code, details) => {
    await using grpc = await startGrpc()
    expect(await failure(predict(grpc, more))).toEqual({ code, details })
  })

  it.each([
    [
      'onnx.input_missing',
      {},
      'input size does not match signature: 0!=1 len({}) != len({x}). Sent extra: {}. Missing but required: {x}.',
    ],
    [
      'onnx.output_unknown',
      { inputs: new Map([['x', floats([1])]]), outputFilter: ['z'] },
      'output tensor alias not found in signature: z Outputs expected to be in the set {y}.',
    ],
  ] as const)('says %s of the data plane as TensorFlow Serving does', async (code, more, details) => {
    await using grpc = await startGrpc()
    grpc.predictor.failure = new PlatformError(code, 'ours')
    const call = predict(grpc, {
      inputs: new Map(),
      ...more,
      outputFilter: 'outputFilter' in more ? [...more.outputFilter] : [],
    })
    expect(await failure(call)).toEqual({ code: STATUS.INVALID_ARGUMENT, details })
  })

  it('takes what a tensor grows to from the room for messages', async () => {
    await using grpc = await startGrpc({ limits: { maxBufferedBytes: 10_000 } })
    const big = predict(grpc, { inputs: new Map([['x', floats([1], [4_000])]]) })
    expect((await failure(big)).code).toBe(STATUS.RESOURCE_EXHAUSTED)
    for (let call = 0; call < 5; call += 1) {
      const fits = await predict(grpc, { inputs: new Map([['x', floats([1], [2_000])]]) })
      expect(fits.message.outputs.get('y')?.floatVal).toHaveLength(2_000)
    }
  })

  it('cuts long texts of errors', async () => {
    await using grpc = await startGrpc()
    const names = Array.from({ length: 40 }, (_, index) => [`${index}-${'n'.repeat(90)}`, EMPTY] as const)
    const { details } = await failure(predict(grpc, { inputs: new Map(names) }))
    expect(details).toHaveLength(1_024 + '...TRUNCATED'.length)
    expect(details).toMatch(/^input size does not match signature: 40!=1 .*\.\.\.TRUNCATED$/)
  })

  it('shows nobody a model that the key may not use', async () => {
    const access: Access = { check: () => ({ mayUse: (model) => model !== 'half' }) }
    await using grpc = await startGrpc({ access })
    expect(await failure(predict(grpc))).toEqual({
      code: NOT_FOUND,
      details: 'Servable not found for request: Latest(half)',
    })
  })
})

describe('Classify, Regress and MultiInference', () => {
  const flowers = spec({ name: 'flowers', signatureName: 'kind' })
  const classified = [
    {
      classes: [
        { label: 'rose', score: 0.25 },
        { label: 'daisy', score: 0.75 },
      ],
    },
    {
      classes: [
        { label: 'rose', score: 0.5 },
        { label: 'daisy', score: 0.5 },
      ],
    },
  ]

  it('Classify answers with the classes of each example', async () => {
    await using grpc = await startGrpc()
    const { message, metadata } = await grpc.client.unary(
      `${SERVICE}/Classify`,
      [ClassificationRequest, ClassificationResponse],
      { modelSpec: flowers, input: rows([1, 3, 5n], [2, 2, 6n]) },
    )
    expect(message).toEqual({
      result: { classifications: classified },
      modelSpec: { ...flowers, ...version(2n) },
    })
    expect(metadata.get('understudy-version')).toEqual(['2'])
  })

  it('Regress answers with a value for each example', async () => {
    await using grpc = await startGrpc()
    const { message } = await grpc.client.unary(
      `${SERVICE}/Regress`,
      [RegressionRequest, RegressionResponse],
      {
        modelSpec: spec(),
        input: halves(2, 4),
      },
    )
    expect(message).toEqual({
      result: { regressions: [{ value: 3 }, { value: 4 }] },
      modelSpec: spec({ ...version(2n), signatureName: 'serving_default' }),
    })
  })

  it('MultiInference asks the model once for all tasks', async () => {
    await using grpc = await startGrpc()
    const tasks = [{ modelSpec: flowers, methodName: 'tensorflow/serving/classify' }]
    const { message } = await grpc.client.unary(
      `${SERVICE}/MultiInference`,
      [MultiInferenceRequest, MultiInferenceResponse],
      { tasks, input: rows([1, 3, 5n], [2, 2, 6n]) },
    )
    expect(message.results).toEqual([
      {
        modelSpec: { ...flowers, ...version(2n) },
        result: { $case: 'classificationResult', value: { classifications: classified } },
      },
    ])
    expect(grpc.predictor.requests).toHaveLength(1)
  })

  it.each([
    [
      { modelSpec: spec({ name: 'flowers', signatureName: 'zz' }), input: rows([1, 3, 5n]) },
      'No signature was found with the name: zz',
    ],
    [
      { modelSpec: spec(), input: halves(1) },
      'Expected classification signature method_name to be tensorflow/serving/classify. Was: tensorflow/serving/predict',
    ],
    [{ modelSpec: flowers, input: undefined }, 'Input is empty.'],
    [
      { modelSpec: flowers, input: halves(1) },
      'Name: <unknown>, Feature: cm (data type: float) is required but could not be found. Index: 0 (input sizes: float32 [N, 2])',
    ],
  ])('Classify refuses %j', async (request, details) => {
    await using grpc = await startGrpc()
    const call = grpc.client.unary(
      `${SERVICE}/Classify`,
      [ClassificationRequest, ClassificationResponse],
      request,
    )
    expect(await failure(call)).toEqual({ code: STATUS.INVALID_ARGUMENT, details })
  })
})

describe('documents', () => {
  function metadata({ client }: GrpcFixture, modelSpec: ModelSpec | undefined, metadataField: string[]) {
    const types = [GetModelMetadataRequest, GetModelMetadataResponse] as const
    return client.unary(`${SERVICE}/GetModelMetadata`, types, { modelSpec, metadataField })
  }

  it('GetModelMetadata lists the signatures as a SignatureDefMap', async () => {
    await using grpc = await startGrpc()
    const { message } = await metadata(grpc, spec({ name: 'flowers' }), ['signature_def'])
    expect(message.modelSpec).toEqual(spec({ name: 'flowers', ...version(2n) }))
    const any = message.metadata.get('signature_def')
    expect(any?.typeUrl).toBe('type.googleapis.com/tensorflow.serving.SignatureDefMap')
    const { signatureDef } = SignatureDefMap.decode(any?.value ?? new Uint8Array())
    expect([...signatureDef.keys()]).toEqual(['serving_default', 'kind'])
    expect(signatureDef.get('serving_default')).toMatchObject({
      methodName: 'tensorflow/serving/predict',
      inputs: new Map([
        [
          'sizes',
          {
            encoding: { $case: 'name', value: 'sizes:0' },
            dtype: 1,
            tensorShape: {
              dim: [
                { size: -1n, name: '' },
                { size: 2n, name: '' },
              ],
              unknownRank: false,
            },
          },
        ],
        [
          'petals',
          {
            encoding: { $case: 'name', value: 'petals:0' },
            dtype: 3,
            tensorShape: { dim: [{ size: -1n, name: '' }], unknownRank: false },
          },
        ],
      ]),
    })
    expect(signatureDef.get('kind')?.methodName).toBe('tensorflow/serving/classify')
  })

  it('GetModelMetadata refuses what TensorFlow Serving refuses', async () => {
    await using grpc = await startGrpc()
    const code = STATUS.INVALID_ARGUMENT
    expect(await failure(metadata(grpc, undefined, ['signature_def']))).toEqual({
      code,
      details: 'Missing ModelSpec',
    })
    expect(await failure(metadata(grpc, spec(), []))).toEqual({
      code,
      details: 'GetModelMetadataRequest must specify at least one metadata_field',
    })
    expect(await failure(metadata(grpc, spec(), ['zz']))).toEqual({
      code,
      details: 'Metadata field zz is not supported',
    })
    expect(await failure(metadata(grpc, spec({ name: 'no' }), ['signature_def']))).toEqual({
      code: STATUS.NOT_FOUND,
      details: 'Servable not found for request: Latest(no)',
    })
  })

  it('GetModelStatus tells the state of all versions, or of one', async () => {
    await using grpc = await startGrpc()
    const status = (modelSpec: ModelSpec | undefined) =>
      grpc.client.unary(`${MODELS}/GetModelStatus`, [GetModelStatusRequest, GetModelStatusResponse], {
        modelSpec,
      })
    const ok = { errorCode: 0, errorMessage: '' }
    expect((await status(spec())).message.modelVersionStatus).toEqual([
      { version: 3n, state: 20, status: ok },
      { version: 2n, state: 30, status: ok },
      { version: 1n, state: 30, status: ok },
    ])
    expect((await status(spec(version(1n)))).message.modelVersionStatus).toEqual([
      { version: 1n, state: 30, status: ok },
    ])
    expect(await failure(status(undefined))).toEqual({
      code: STATUS.INVALID_ARGUMENT,
      details: 'Missing ModelSpec',
    })
    expect(await failure(status(spec({ name: 'no' })))).toEqual({
      code: STATUS.NOT_FOUND,
      details: 'Could not find any versions of model no',
    })
    expect(await failure(status(spec(version(2n ** 53n + 1n))))).toEqual({
      code: STATUS.NOT_FOUND,
      details: 'Could not find version 9007199254740993 of model half',
    })
  })

  it('HandleReloadConfigRequest fails and says who decides what is served', async () => {
    await using grpc = await startGrpc()
    const call = grpc.client.unary(
      `${MODELS}/HandleReloadConfigRequest`,
      [ReloadConfigRequest, ReloadConfigResponse],
      { config: undefined, metricNames: [] },
    )
    expect(await failure(call)).toEqual({
      code: STATUS.FAILED_PRECONDITION,
      details: 'The configuration cannot be reloaded: the Git repository decides what is served here',
    })
  })

  it('SessionRun is not there', async () => {
    await using grpc = await startGrpc()
    const types = [GetModelStatusRequest, GetModelStatusResponse] as const
    const call = grpc.client.unary('/tensorflow.serving.SessionService/SessionRun', types, {
      modelSpec: undefined,
    })
    expect((await failure(call)).code).toBe(STATUS.UNIMPLEMENTED)
  })
})

it('tells the observer of every prediction once, with its task, and of what could not be read whom it was for', async () => {
  const told: RequestEnded[] = []
  const observer = { requestEnded: (event: RequestEnded) => void told.push(event), onFault: () => {} }
  await using grpc = await startGrpc({ observer })
  await predict(grpc)
  await failure(predict(grpc, { inputs: new Map([['x', EMPTY]]) }))
  const request = { modelSpec: spec(), input: halves(2) }
  await grpc.client.unary(`${SERVICE}/Regress`, [RegressionRequest, RegressionResponse], request)
  const seen = told.map(({ protocol, task, servedBy, error }) => [
    protocol,
    task,
    servedBy?.version,
    error?.code,
  ])
  expect(seen).toEqual([
    ['tfs-grpc', undefined, 2, undefined],
    ['tfs-grpc', undefined, 2, 'request.malformed'],
    ['tfs-grpc', 'regress', 2, undefined],
  ])
})

it('gives the data plane tensors of the request as they were sent', async () => {
  await using grpc = await startGrpc()
  const tags = { ...floats([], [2]), dtype: 7 as const, stringVal: [Buffer.from('a'), Buffer.from('é')] }
  const ids = { ...floats([], [2]), dtype: 9 as const, int64Val: [2n ** 62n + 1n, -1n] }
  const inputs = new Map<string, TensorProto>([
    ['id', ids],
    ['tag', tags],
  ])
  const { message } = await predict(grpc, { modelSpec: spec({ name: 'echo' }), inputs })
  const sent = (grpc.predictor.requests[0] as InferenceRequest).inputs
  expect(sent.get('id')?.data).toEqual(BigInt64Array.of(2n ** 62n + 1n, -1n))
  expect(message.outputs.get('id')?.int64Val).toEqual([2n ** 62n + 1n, -1n])
  expect(message.outputs.get('tag')?.stringVal.map((one) => Buffer.from(one).toString())).toEqual(['a', 'é'])
  expect(message.outputs.get('score')?.floatVal).toEqual([Number.NaN, Number.NaN])
})

it('is listed by reflection and by health', async () => {
  await using grpc = await startGrpc()
  const reflection = new GrpcReflection(`127.0.0.1:${grpc.port}`, credentials.createInsecure())
  const services = ['tensorflow.serving.PredictionService', 'tensorflow.serving.ModelService']
  const listed = await reflection.listServices()
  for (const service of services) {
    expect(listed).toContain(service)
    const types = [HealthCheckRequest, HealthCheckResponse] as const
    const health = await grpc.client.unary('/grpc.health.v1.Health/Check', types, { service })
    expect(health.message.status).toBe(1)
  }
  const methods = await reflection.listMethods('tensorflow.serving.PredictionService')
  expect(methods.map(({ name }) => name).sort()).toEqual([
    'Classify',
    'GetModelMetadata',
    'MultiInference',
    'Predict',
    'Regress',
  ])
})
