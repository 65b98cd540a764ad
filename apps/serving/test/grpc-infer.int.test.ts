import { status } from '@grpc/grpc-js'
import { PlatformError } from '@understudy/core'
import { ModelInferRequest } from '@understudy/protocols/generated/grpc_service'
import type { RequestEnded } from '@understudy/serving'
import { waitFor } from '@understudy/testing'
import { describe, expect, it } from 'vitest'
import { failureOf, floatsOf, halfInput, inferRequest, startGrpc } from './grpc-fixture.ts'

const parameter = (value: bigint) => ({ parameterChoice: { $case: 'int64Param', value } }) as const

describe('ModelInfer', () => {
  it('answers raw contents raw, with the id and who answered', async () => {
    await using grpc = await startGrpc()
    const { message, metadata } = await grpc.client.infer(
      { ...halfInput([2, 4]), id: '42' },
      { metadata: { 'understudy-request-id': 'mine' } },
    )
    expect(message).toMatchObject({ modelName: 'half', modelVersion: '2', id: '42' })
    expect(message.outputs).toMatchObject([{ name: 'y', datatype: 'FP32', shape: [2n], contents: undefined }])
    expect(floatsOf(message.rawOutputContents[0])).toEqual([3, 4])
    expect(metadata.getMap()).toMatchObject({
      'understudy-request-id': 'mine',
      'understudy-model': 'half',
      'understudy-version': '2',
      'understudy-digest': 'd2',
      'understudy-commit': 'c2',
      'understudy-variant': 'live',
      'understudy-generation': '7',
    })
  })

  it('answers typed contents raw too, and typed where binary_data_output is off', async () => {
    await using grpc = await startGrpc()
    const contents = {
      ...{ boolContents: [], intContents: [], int64Contents: [], uintContents: [], uint64Contents: [] },
      ...{ fp32Contents: [2, 4], fp64Contents: [], bytesContents: [] },
    }
    const inputs = [{ name: 'x', datatype: 'FP32', shape: [2n], parameters: new Map(), contents }]
    const raw = await grpc.client.infer({ inputs })
    expect(floatsOf(raw.message.rawOutputContents[0])).toEqual([3, 4])
    const off = { parameterChoice: { $case: 'boolParam', value: false } } as const
    const typed = await grpc.client.infer({ inputs, parameters: new Map([['binary_data_output', off]]) })
    expect(typed.message.rawOutputContents).toEqual([])
    expect(typed.message.outputs[0]?.contents?.fp32Contents).toEqual([3, 4])
  })

  it('goes to the version of the message, or of the metadata, and refuses two that differ', async () => {
    await using grpc = await startGrpc()
    const versionOf = async (modelVersion: string, metadata: Record<string, string>) =>
      (await grpc.client.infer({ ...halfInput([1]), modelVersion }, { metadata })).message.modelVersion
    expect(await versionOf('1', {})).toBe('1')
    expect(await versionOf('live', {})).toBe('2')
    expect(await versionOf('', { 'understudy-version': '1' })).toBe('1')
    expect(await versionOf('', { 'understudy-label': 'live' })).toBe('2')
    expect(await versionOf('1', { 'understudy-version': '1' })).toBe('1')
    const failure = await failureOf(versionOf('2', { 'understudy-version': '1' }))
    expect(failure).toMatchObject({ code: status.INVALID_ARGUMENT })
  })

  it('hands over budget, generation and trace of the caller', async () => {
    await using grpc = await startGrpc()
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const metadata = { 'understudy-timeout-ms': '5000', 'understudy-min-generation': '6', traceparent }
    const parameters = new Map([['timeout', parameter(2_000_000n)]])
    await grpc.client.infer({ ...halfInput([1]), parameters }, { metadata })
    expect(grpc.predictor.requests[0]).toMatchObject({ timeoutMs: 2_000, minGeneration: 6, traceparent })
    await grpc.client.infer(halfInput([1]), { deadline: Date.now() + 60_000 })
    const { timeoutMs = 0 } = grpc.predictor.requests[1] ?? {}
    expect(timeoutMs).toBeGreaterThan(1_000)
    expect(timeoutMs).toBeLessThanOrEqual(60_000)
    await grpc.client.infer(halfInput([1]))
    expect(grpc.predictor.requests[2]?.timeoutMs).toBeUndefined()
  })

  it('tells how old the plan is when it is not current', async () => {
    await using grpc = await startGrpc()
    grpc.predictor.ageMs = 1_234.5
    const { metadata } = await grpc.client.infer(halfInput([1]))
    expect(metadata.getMap()).toMatchObject({ 'understudy-plan-age': '1235' })
  })

  it.each([
    [
      'an unknown model',
      { modelName: 'none' },
      status.NOT_FOUND,
      "Request for unknown model: 'none' is not found",
    ],
    ['an unknown version', { modelVersion: '9' }, status.NOT_FOUND, "'half' version 9 is not found"],
    [
      'a version that loads',
      { modelVersion: '3' },
      status.UNAVAILABLE,
      "'half' version 3 is not at ready state",
    ],
    [
      'bytes that do not match the shape',
      { rawInputContents: [new Uint8Array(3)] },
      status.INVALID_ARGUMENT,
      'unexpected total byte size 3, expecting 4',
    ],
  ])('answers %s with the status and the words of the protocol', async (_what, given, code, text) => {
    await using grpc = await startGrpc()
    const failure = await failureOf(
      grpc.client.infer({ ...halfInput([1]), ...given }, { metadata: { 'understudy-request-id': 'r-1' } }),
    )
    expect(failure).toMatchObject({ code, details: expect.stringContaining(text) })
    expect(failure.metadata['understudy-request-id']).toBe('r-1')
  })

  it('tells of a fault of its own no more than its id, and who it befell', async () => {
    const faults: PlatformError[] = []
    const observer = { requestEnded: () => {}, onFault: (error: PlatformError) => faults.push(error) }
    await using grpc = await startGrpc({ observer })
    grpc.predictor.failure = new Error('secret of the house')
    const { code, details, metadata } = await failureOf(grpc.client.infer(halfInput([1])))
    expect(code).toBe(status.INTERNAL)
    expect(details).toBe(`Internal error. Quote the id ${faults[0]?.id} when you report it.`)
    expect(metadata).toMatchObject({ 'understudy-model': 'half', 'understudy-version': '2' })
  })

  it('cuts a long message and keeps half characters out of it', async () => {
    await using grpc = await startGrpc()
    grpc.predictor.failure = new PlatformError('request.malformed', `${'a'.repeat(1_023)}\u{1f600}`)
    const { details } = await failureOf(grpc.client.infer(halfInput([1])))
    expect(details).toBe(`${'a'.repeat(1_023)}\ufffd...TRUNCATED`)
  })

  it("refuses bytes that are no message as the caller's fault", async () => {
    await using grpc = await startGrpc()
    const garbage = { encode: () => ({ finish: () => Uint8Array.of(0xff, 0xff) }), decode: () => ({}) }
    const call = grpc.client.unary('/inference.GRPCInferenceService/ModelInfer', [garbage, garbage], {})
    expect(await failureOf(call)).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining('not valid protocol buffers'),
    })
  })

  it('refuses a message over the limit, and when it holds as much as it may', async () => {
    await using small = await startGrpc({ limits: { maxMessageBytes: 1_000 } })
    const large = halfInput(Array.from({ length: 1_000 }, () => 1))
    expect(await failureOf(small.client.infer(large))).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
    expect((await small.client.infer(halfInput([2]))).message.modelName).toBe('half')
    await using full = await startGrpc({ limits: { maxBufferedBytes: 5_000 } })
    full.predictor.hold()
    const first = full.client.infer(large)
    await waitFor('the first to be held', () => full.predictor.waiting === 1)
    expect(await failureOf(full.client.infer(large))).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
    full.predictor.release()
    await first
    expect((await full.client.infer(large)).message.modelName).toBe('half')
  })
})

describe('what the observer is told', () => {
  it('is every prediction once, with its surface, its stages and its error', async () => {
    const ended: RequestEnded[] = []
    const observer = { requestEnded: (event: RequestEnded) => ended.push(event), onFault: () => {} }
    await using grpc = await startGrpc({ observer })
    await grpc.client.infer(halfInput([1]), { metadata: { 'understudy-request-id': 'good' } })
    await failureOf(grpc.client.infer({ ...halfInput([1]), modelVersion: '9' }))
    await failureOf(grpc.client.infer({ ...halfInput([1]), rawInputContents: [new Uint8Array(1)] }))
    expect(ended).toHaveLength(3)
    expect(ended[0]).toMatchObject({
      requestId: 'good',
      protocol: 'oip-grpc',
      model: 'half',
      error: undefined,
    })
    expect(ended[0]?.servedBy).toMatchObject({ version: 2 })
    expect(ended[0]?.times.decodeMs).toBeGreaterThan(0)
    expect(ended[0]?.times.encodeMs).toBeGreaterThan(0)
    expect(ended[1]).toMatchObject({ model: 'half', error: { code: 'serving.version_not_found' } })
    expect(ended[2]).toMatchObject({ error: { code: 'request.malformed' } })
  })

  it('is a call that runs out of time as that, and one that is broken off as cancelled', async () => {
    const ended: RequestEnded[] = []
    const observer = { requestEnded: (event: RequestEnded) => ended.push(event), onFault: () => {} }
    await using grpc = await startGrpc({ observer })
    await grpc.client.infer(halfInput([1]))
    ended.length = 0
    grpc.predictor.hold()
    const late = failureOf(grpc.client.infer(halfInput([1]), { deadline: Date.now() + 1_000 }))
    expect(await late).toMatchObject({ code: status.DEADLINE_EXCEEDED })
    await waitFor('the predictor to hear of it', () => grpc.predictor.aborted.length === 1)
    grpc.predictor.failure = new PlatformError('serving.cancelled', 'nobody waits')
    grpc.predictor.release()
    await waitFor('the end to be told', () => ended.length === 1)
    expect(ended[0]?.error?.code).toBe('serving.deadline_exceeded')
    grpc.predictor.hold()
    const message = Buffer.from(ModelInferRequest.encode(inferRequest(halfInput([1]))).finish())
    const path = '/inference.GRPCInferenceService/ModelInfer'
    const asIs = (bytes: Buffer) => bytes
    const call = grpc.client.makeUnaryRequest(path, asIs, asIs, message, () => {})
    await waitFor('the call to be held', () => grpc.predictor.waiting === 1)
    call.cancel()
    await waitFor('the predictor to hear of it', () => grpc.predictor.aborted.length === 2)
    grpc.predictor.release()
    await waitFor('the end to be told', () => ended.length === 2)
    expect(ended[1]?.error?.code).toBe('serving.cancelled')
  })
})

describe('access', () => {
  const access = {
    check: (authorization: string | undefined) => {
      if (authorization !== 'Bearer good') {
        throw new PlatformError('request.unauthenticated', 'Send a valid API key.')
      }
      return { mayUse: (model: string) => model === 'half' }
    },
  }

  it('is asked before anything else, and a model for others does not exist', async () => {
    await using grpc = await startGrpc({ access })
    expect(await failureOf(grpc.client.infer({ modelName: 'none' }))).toMatchObject({
      code: status.UNAUTHENTICATED,
      details: 'Send a valid API key.',
    })
    const metadata = { authorization: 'Bearer good' }
    expect((await grpc.client.infer(halfInput([1]), { metadata })).message.modelName).toBe('half')
    const other = await failureOf(grpc.client.infer({ ...halfInput([1]), modelName: 'echo' }, { metadata }))
    const none = await failureOf(grpc.client.infer({ ...halfInput([1]), modelName: 'none' }, { metadata }))
    expect(other.code).toBe(status.NOT_FOUND)
    expect(other.details).toBe(none.details.replace('none', 'echo'))
    expect(Object.keys(other.metadata).sort()).toEqual(Object.keys(none.metadata).sort())
  })
})
