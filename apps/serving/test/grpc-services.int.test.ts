import { credentials, status } from '@grpc/grpc-js'
import { PlatformError } from '@understudy/core'
import {
  HealthCheckRequest,
  HealthCheckResponse,
  HealthListRequest,
  HealthListResponse,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '@understudy/protocols/generated/grpc/health/v1/health'
import {
  ModelConfigRequest,
  ModelConfigResponse,
  ModelMetadataRequest,
  ModelMetadataResponse,
  ModelReadyRequest,
  ModelReadyResponse,
  ModelStatisticsRequest,
  ModelStatisticsResponse,
  RepositoryIndexRequest,
  RepositoryIndexResponse,
  RepositoryModelLoadRequest,
  RepositoryModelLoadResponse,
  ServerLiveRequest,
  ServerLiveResponse,
  ServerMetadataRequest,
  ServerMetadataResponse,
  ServerReadyRequest,
  ServerReadyResponse,
} from '@understudy/protocols/generated/grpc_service'
import { waitFor } from '@understudy/testing'
import { GrpcReflection } from 'grpc-js-reflection-client'
import { describe, expect, it } from 'vitest'
import { ModelStatistics } from '../src/telemetry/model-statistics.ts'
import { failureOf, halfInput, startGrpc } from './grpc-fixture.ts'

const INFERENCE = '/inference.GRPCInferenceService'
const CHECK = '/grpc.health.v1.Health/Check'
const WATCH = '/grpc.health.v1.Health/Watch'

const refusing = {
  check: () => {
    throw new PlatformError('request.unauthenticated', 'Send a valid API key.')
  },
}

describe('the Open Inference Protocol', () => {
  it('tells that the server lives and is ready, without a key', async () => {
    let isReady = false
    await using grpc = await startGrpc({
      access: refusing,
      health: { live: () => true, ready: () => isReady },
    })
    const ready = async () =>
      (await grpc.client.unary(`${INFERENCE}/ServerReady`, [ServerReadyRequest, ServerReadyResponse], {}))
        .message
    const live = await grpc.client.unary(
      `${INFERENCE}/ServerLive`,
      [ServerLiveRequest, ServerLiveResponse],
      {},
    )
    expect(live.message).toEqual({ live: true })
    expect(await ready()).toEqual({ ready: false })
    isReady = true
    expect(await ready()).toEqual({ ready: true })
  })

  it('tells metadata of server and model', async () => {
    await using grpc = await startGrpc()
    const server = await grpc.client.unary(
      `${INFERENCE}/ServerMetadata`,
      [ServerMetadataRequest, ServerMetadataResponse],
      {},
    )
    expect(server.message.name).toBe('understudy')
    expect(server.message.extensions).toContain('statistics')
    const types = [ModelMetadataRequest, ModelMetadataResponse] as const
    const model = await grpc.client.unary(`${INFERENCE}/ModelMetadata`, types, { name: 'half', version: '' })
    expect(model.message).toEqual({
      ...{ name: 'half', versions: ['1', '2'], platform: 'onnxruntime_onnx', properties: new Map() },
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1n] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1n] }],
    })
    expect(model.metadata.getMap()).toMatchObject({ 'understudy-version': '2' })
    const one = await grpc.client.unary(`${INFERENCE}/ModelMetadata`, types, { name: 'half', version: '1' })
    expect(one.message.versions).toEqual(['1'])
  })

  it('tells which models are ready', async () => {
    await using grpc = await startGrpc()
    const types = [ModelReadyRequest, ModelReadyResponse] as const
    const ready = (name: string, version: string) =>
      grpc.client.unary(`${INFERENCE}/ModelReady`, types, { name, version })
    expect((await ready('half', '')).message.ready).toBe(true)
    expect((await ready('half', '3')).message.ready).toBe(false)
    expect(await failureOf(ready('none', ''))).toMatchObject({ code: status.NOT_FOUND })
  })

  it('tells the configuration of a model', async () => {
    await using grpc = await startGrpc()
    const types = [ModelConfigRequest, ModelConfigResponse] as const
    const { message } = await grpc.client.unary(`${INFERENCE}/ModelConfig`, types, {
      name: 'half',
      version: '',
    })
    expect(message.config).toEqual({
      ...{ name: 'half', platform: 'onnxruntime_onnx', backend: 'onnxruntime', maxBatchSize: 0 },
      input: [{ name: 'x', dataType: 11, dims: [-1n] }],
      output: [{ name: 'y', dataType: 11, dims: [-1n] }],
    })
  })

  it('tells the index of models, all or the ready ones, and refuses to load', async () => {
    await using grpc = await startGrpc()
    const types = [RepositoryIndexRequest, RepositoryIndexResponse] as const
    const index = async (ready: boolean) =>
      (await grpc.client.unary(`${INFERENCE}/RepositoryIndex`, types, { repositoryName: '', ready })).message
        .models
    expect((await index(false)).map(({ version, state }) => [version, state])).toEqual([
      ['1', 'READY'],
      ['2', 'READY'],
      ['3', 'LOADING'],
    ])
    expect((await index(true)).map(({ version }) => version)).toEqual(['1', '2'])
    const load = [RepositoryModelLoadRequest, RepositoryModelLoadResponse] as const
    for (const method of ['RepositoryModelLoad', 'RepositoryModelUnload']) {
      const message = { repositoryName: '', modelName: 'half', parameters: new Map() }
      expect(await failureOf(grpc.client.unary(`${INFERENCE}/${method}`, load, message))).toMatchObject({
        code: status.UNAVAILABLE,
        details: expect.stringContaining('the Git repository decides what is served here'),
      })
    }
  })

  it('tells statistics of what was counted', async () => {
    const statistics = new ModelStatistics()
    const observer = { requestEnded: statistics.requestEnded.bind(statistics), onFault: () => {} }
    await using grpc = await startGrpc({ statistics, observer })
    await grpc.client.infer(halfInput([1]))
    const types = [ModelStatisticsRequest, ModelStatisticsResponse] as const
    const stats = async (name: string, version: string) =>
      (await grpc.client.unary(`${INFERENCE}/ModelStatistics`, types, { name, version })).message.modelStats
    const [two] = await stats('half', '2')
    expect(two?.inferenceStats?.success?.count).toBe(1n)
    expect(two?.inferenceStats?.success?.ns).toBeGreaterThan(0n)
    expect((await stats('', '')).map(({ name, version }) => `${name}@${version}`)).toEqual([
      'half@1',
      'half@2',
    ])
    expect(await failureOf(stats('none', ''))).toMatchObject({ code: status.NOT_FOUND })
  })

  it('asks for a key before it tells anything of models', async () => {
    await using grpc = await startGrpc({ access: refusing })
    for (const method of [
      'ServerMetadata',
      'ModelReady',
      'ModelMetadata',
      'ModelConfig',
      'ModelStatistics',
      'RepositoryIndex',
    ]) {
      const call = grpc.client.unary(`${INFERENCE}/${method}`, [ServerLiveRequest, ServerLiveResponse], {})
      expect(await failureOf(call)).toMatchObject({ code: status.UNAUTHENTICATED })
    }
  })

  it('answers a method that is not there as that', async () => {
    await using grpc = await startGrpc()
    const call = grpc.client.unary(`${INFERENCE}/TraceSetting`, [ServerLiveRequest, ServerLiveResponse], {})
    expect(await failureOf(call)).toMatchObject({ code: status.UNIMPLEMENTED })
  })
})

describe('health', () => {
  const types = [HealthCheckRequest, HealthCheckResponse] as const

  it('is that of the node, for the server and each service, without a key', async () => {
    let isReady = true
    await using grpc = await startGrpc({
      access: refusing,
      health: { live: () => true, ready: () => isReady },
    })
    const check = async (service: string) =>
      (await grpc.client.unary(CHECK, types, { service })).message.status
    expect(await check('')).toBe(ServingStatus.SERVING)
    isReady = false
    expect(await check('inference.GRPCInferenceService')).toBe(ServingStatus.NOT_SERVING)
    expect(await failureOf(check('nobody.Nothing'))).toMatchObject({ code: status.NOT_FOUND })
    const list = await grpc.client.unary(
      '/grpc.health.v1.Health/List',
      [HealthListRequest, HealthListResponse],
      {},
    )
    expect(list.message.statuses.get('')).toEqual({ status: ServingStatus.NOT_SERVING })
  })

  it('tells a watcher each change, the drain among them', async () => {
    let isReady = true
    await using grpc = await startGrpc({ health: { live: () => true, ready: () => isReady } })
    const seen: number[] = []
    const ends: number[] = []
    const watch = (service: string) =>
      grpc.client
        .makeServerStreamRequest(
          WATCH,
          (value: HealthCheckRequest) => Buffer.from(HealthCheckRequest.encode(value).finish()),
          (bytes) => HealthCheckResponse.decode(bytes),
          { service },
        )
        .on('error', (error: { code?: number }) => ends.push(error.code ?? -1))
    watch('').on('data', (answer: HealthCheckResponse) => seen.push(answer.status))
    await waitFor('the first state', () => seen.length === 1)
    isReady = false
    await waitFor('the change', () => seen.length === 2)
    isReady = true
    await waitFor('the change back', () => seen.length === 3)
    await grpc.server.close({ deadlineMs: 5_000 })
    await waitFor('the end', () => ends.length === 1)
    expect(seen).toEqual([1, 2, 1, 2])
    expect(ends).toEqual([status.UNAVAILABLE])
  })

  it('tells a watcher of an unknown service that it is unknown', async () => {
    await using grpc = await startGrpc()
    const stream = grpc.client.makeServerStreamRequest(
      WATCH,
      (value: HealthCheckRequest) => Buffer.from(HealthCheckRequest.encode(value).finish()),
      (bytes) => HealthCheckResponse.decode(bytes),
      { service: 'nobody.Nothing' },
    )
    stream.on('error', () => {})
    const first = await new Promise<HealthCheckResponse>((resolve) => stream.once('data', resolve))
    expect(first.status).toBe(ServingStatus.SERVICE_UNKNOWN)
    stream.cancel()
  })
})

describe.each(['v1', 'v1alpha'] as const)('server reflection %s', (version) => {
  it('lets a client that knows no protocol files list and describe what is here', async () => {
    await using grpc = await startGrpc({ access: refusing })
    const client = new GrpcReflection(`127.0.0.1:${grpc.port}`, credentials.createInsecure(), {}, version)
    const services = await client.listServices()
    expect(services).toContain('inference.GRPCInferenceService')
    expect(services).toContain('grpc.health.v1.Health')
    expect(services).toContain(`grpc.reflection.${version}.ServerReflection`)
    const methods = await client.listMethods('inference.GRPCInferenceService')
    expect(methods.map(({ name }) => name)).toContain('ModelInfer')
    const descriptor = await client.getDescriptorBySymbol('inference.ModelInferRequest')
    const loaded = descriptor.getProtobufJsRoot().lookupType('inference.ModelInferRequest')
    expect(loaded.fields.rawInputContents?.id).toBe(7)
    const byName = await client.getDescriptorByFileName('tensorflow_serving/apis/predict.proto')
    expect(byName.getProtobufJsRoot().lookupType('tensorflow.serving.PredictRequest')).toBeDefined()
    await expect(client.getDescriptorBySymbol('nobody.Nothing')).rejects.toThrow()
  })
})
