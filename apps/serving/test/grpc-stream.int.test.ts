import { type ClientDuplexStream, status } from '@grpc/grpc-js'
import { PlatformError } from '@understudy/core'
import { ModelInferRequest, ModelStreamInferResponse } from '@understudy/protocols/generated/grpc_service'
import type { RequestEnded } from '@understudy/serving'
import { waitFor } from '@understudy/testing'
import { expect, it } from 'vitest'
import { floatsOf, type GrpcTestClient, halfInput, inferRequest, startGrpc } from './grpc-fixture.ts'

type Stream = ClientDuplexStream<ModelInferRequest, ModelStreamInferResponse>

interface Collected {
  readonly stream: Stream
  readonly answers: ModelStreamInferResponse[]
  /** Settles with the status of the stream. */
  readonly ended: Promise<number>
}

function open(client: GrpcTestClient, metadata: Record<string, string> = {}): Collected {
  const types = [ModelInferRequest, ModelStreamInferResponse] as const
  const stream = client.bidi('/inference.GRPCInferenceService/ModelStreamInfer', types, { metadata })
  const answers: ModelStreamInferResponse[] = []
  stream.on('data', (answer: ModelStreamInferResponse) => answers.push(answer))
  stream.on('error', () => {})
  const ended = new Promise<number>((resolve) => stream.on('status', ({ code }) => resolve(code)))
  return { stream, answers, ended }
}

const numbered = (id: number) => inferRequest({ ...halfInput([id]), id: String(id) })
const idsOf = (answers: readonly ModelStreamInferResponse[]) => answers.map((one) => one.inferResponse?.id)

it('answers every message in its order, errors among them, and ends well', async () => {
  const ended: RequestEnded[] = []
  const observer = { requestEnded: (event: RequestEnded) => ended.push(event), onFault: () => {} }
  await using grpc = await startGrpc({ observer })
  const { stream, answers, ended: over } = open(grpc.client, { 'understudy-request-id': 'stream' })
  for (let id = 0; id < 100; id += 1) {
    stream.write(id === 50 ? { ...numbered(id), modelName: 'none' } : numbered(id))
  }
  stream.end()
  expect(await over).toBe(status.OK)
  expect(idsOf(answers)).toEqual(Array.from({ length: 100 }, (_, id) => String(id)))
  expect(floatsOf(answers[10]?.inferResponse?.rawOutputContents[0])).toEqual([7])
  expect(answers.filter(({ errorMessage }) => errorMessage !== '')).toHaveLength(1)
  expect(answers[50]?.errorMessage).toBe("Request for unknown model: 'none' is not found")
  expect(ended).toHaveLength(100)
  expect(new Set(ended.map(({ requestId }) => requestId)).size).toBe(100)
  expect(ended.every(({ requestId }) => requestId.startsWith('stream'))).toBe(true)
})

it('works on as many messages as it may and takes no more meanwhile', async () => {
  await using grpc = await startGrpc({ limits: { maxInFlightPerStream: 4 } })
  grpc.predictor.hold()
  const { stream, answers, ended } = open(grpc.client)
  for (let id = 0; id < 60; id += 1) stream.write(numbered(id))
  stream.end()
  await waitFor('as many as may be', () => grpc.predictor.waiting === 4)
  // A call of another stream comes through, and by then nothing more was taken of the first.
  const other = grpc.client.infer(halfInput([1]))
  await waitFor('the other call', () => grpc.predictor.waiting === 5)
  expect(grpc.predictor.requests).toHaveLength(5)
  grpc.predictor.release()
  await other
  expect(await ended).toBe(status.OK)
  expect(idsOf(answers)).toEqual(Array.from({ length: 60 }, (_, id) => String(id)))
})

it('tells the predictor when the client breaks off', async () => {
  await using grpc = await startGrpc()
  grpc.predictor.hold()
  const { stream, ended } = open(grpc.client)
  stream.write(numbered(1))
  stream.write(numbered(2))
  await waitFor('both to be held', () => grpc.predictor.waiting === 2)
  stream.cancel()
  expect(await ended).toBe(status.CANCELLED)
  await waitFor('the predictor to hear of it', () => grpc.predictor.aborted.length === 2)
})

it('ends a stream without a key before anything is predicted', async () => {
  const access = {
    check: () => {
      throw new PlatformError('request.unauthenticated', 'Send a valid API key.')
    },
  }
  await using grpc = await startGrpc({ access })
  const { stream, ended } = open(grpc.client)
  stream.write(numbered(1))
  expect(await ended).toBe(status.UNAUTHENTICATED)
  expect(grpc.predictor.requests).toEqual([])
})

it('answers a message that cannot be read within the stream, and goes on', async () => {
  await using grpc = await startGrpc()
  const { stream, answers, ended } = open(grpc.client)
  stream.write({ ...numbered(1), rawInputContents: [new Uint8Array(3)] })
  stream.write(numbered(2))
  stream.end()
  expect(await ended).toBe(status.OK)
  expect(answers[0]?.errorMessage).toContain('unexpected total byte size 3')
  expect(answers[1]?.inferResponse?.id).toBe('2')
})

it('answers what it took when the server drains, and says that it goes away', async () => {
  await using grpc = await startGrpc()
  grpc.predictor.hold()
  const { stream, answers, ended } = open(grpc.client)
  for (let id = 0; id < 3; id += 1) stream.write(numbered(id))
  await waitFor('all to be held', () => grpc.predictor.waiting === 3)
  const closed = grpc.server.close({ deadlineMs: 10_000 })
  await new Promise((resolve) => setImmediate(resolve))
  grpc.predictor.release()
  expect(await ended).toBe(status.UNAVAILABLE)
  expect(idsOf(answers)).toEqual(['0', '1', '2'])
  expect(await closed).toEqual({ cutRequests: 0 })
})
