import {
  createTRPCClient,
  httpBatchLink,
  httpBatchStreamLink,
  httpLink,
  isTRPCClientError,
  TRPCClientError,
} from '@trpc/client'
import type {
  PredictRouter,
  PredictRouterInputs,
  PredictRouterOutputs,
  TensorValue,
} from '@understudy/api/predict'
import { PlatformError } from '@understudy/core'
import { waitFor } from '@understudy/testing'
import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from 'vitest'
import { type RestFixture, startRest } from './rest-fixture.ts'

let rest: RestFixture
beforeEach(async () => {
  rest = await startRest({ limits: { maxBodyBytes: 100_000 } })
})
afterEach(() => rest[Symbol.asyncDispose]())

const responses: Response[] = []
const spy: typeof fetch = async (...args) => {
  const response = await fetch(...args)
  responses.push(response)
  return response
}
const links = { httpLink, httpBatchLink, httpBatchStreamLink }
const clientOf = (link: keyof typeof links = 'httpLink', headers: Record<string, string> = {}) => {
  responses.length = 0
  return createTRPCClient<PredictRouter>({
    links: [links[link]({ url: `${rest.url}/trpc`, headers, fetch: spy })],
  })
}

async function refusal(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!isTRPCClientError<PredictRouter>(error)) throw new Error('expected a tRPC error', { cause: error })
  return error
}

describe.each(['httpLink', 'httpBatchLink', 'httpBatchStreamLink'] as const)('a client with %s', (link) => {
  it('predicts and learns who answered', async () => {
    const answer = await clientOf(link).predict.mutate({ model: 'half', inputs: { x: [1, 2, 5] } })
    expect(answer).toEqual({
      outputs: { y: { dtype: 'float32', shape: [3], data: [2.5, 3, 4.5] } },
      servedBy: { model: 'half', version: 2, digest: 'd2', commit: 'c2', variant: 'live', generation: 7 },
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
  })

  it('gets the registered code of an error', async () => {
    const error = await refusal(clientOf(link).predict.mutate({ model: 'nobody', inputs: { x: [1] } }))
    expect(error.message).toBe('There is no model "nobody" here.')
    expect(error.data).toMatchObject({
      code: 'NOT_FOUND',
      httpStatus: 404,
      understudyCode: 'serving.model_not_found',
      path: 'predict',
    })
  })
})

describe('values', () => {
  it('takes rows, flat tensors, long integers as text, and gives back what JSON has no number for', async () => {
    const client = clientOf()
    const rows = await client.predict.mutate({
      model: 'echo',
      instances: [
        { id: '9007199254740993', tag: 'a' },
        { id: 2, tag: 'b' },
      ],
    })
    expect(rows.outputs).toEqual({
      id: { dtype: 'int64', shape: [2], data: ['9007199254740993', 2] },
      tag: { dtype: 'string', shape: [2], data: ['a', 'b'] },
      score: { dtype: 'float32', shape: [2], data: ['NaN', 'NaN'] },
    })
    const flat = { dtype: 'float32', shape: [2], data: [1, 'Infinity'] }
    const answer = await client.predict.mutate({ model: 'half', version: 1, inputs: { x: flat } })
    expect(answer.outputs.y?.data).toEqual([2.5, 'Infinity'])
    expect(answer.servedBy.variant).toBe('pinned')
  })

  it.each([
    [{ x: ['abc'] }, 'expected a number for float32, got "abc" (input x: float32 [N])'],
    [{ y: [1] }, 'There is no input "y"; expected x: float32 [N].'],
    [{}, 'Input "x" is missing; expected x: float32 [N].'],
    [{ x: { shape: [3], data: [1] } }, 'shape [3] holds 3 elements, data holds 1 (input x: float32 [N])'],
    [{ x: { dtype: 'int64', shape: [1], data: [1] } }, 'expected float32, got int64 (input x: float32 [N])'],
    [
      { x: [[1, 2], [3]] },
      'Encountered list at unexpected size: 1 at level: 1 expected size: 2 (input x: float32 [N])',
    ],
  ])('refuses %j and names the input', async (inputs, message) => {
    const error = await refusal(clientOf().predict.mutate({ model: 'half', inputs }))
    expect([error.message, error.data?.httpStatus]).toEqual([message, 400])
  })

  it('refuses what the schema does not know in readable words', async () => {
    const both = await refusal(
      clientOf().predict.mutate({ model: 'half', version: 1, label: 'live', inputs: {} }),
    )
    expect(both.message).toContain('name a version or a label, not both')
    const neither = await refusal(clientOf().predict.mutate({ model: 'half' }))
    expect(neither.message).toContain('give the tensors either as inputs or as instances')
  })
})

describe('the HTTP side', () => {
  it('carries who answered in headers, and gives each call of a batch an id of its own', async () => {
    const client = clientOf('httpBatchLink', { 'understudy-request-id': 'batch' })
    const answers = await Promise.all(
      [1, 2, 3].map((value) => client.predict.mutate({ model: 'half', inputs: { x: [value] } })),
    )
    expect(answers.map((answer) => answer.requestId)).toEqual(['batch', 'batch/2', 'batch/3'])
    expect(responses).toHaveLength(1)
    expect(responses[0]?.headers.get('understudy-version')).toBe('2')
    expect(responses[0]?.headers.get('understudy-request-id')).toBe('batch')
  })

  it('hands budget and least generation on, and names the version on errors', async () => {
    rest.predictor.failure = new PlatformError('serving.queue_full', 'Queue of half@2 is full.')
    const client = clientOf('httpLink', { 'understudy-timeout-ms': '250', 'understudy-min-generation': '6' })
    const error = await refusal(client.predict.mutate({ model: 'half', inputs: { x: [1] } }))
    expect(error.data).toMatchObject({ code: 'TOO_MANY_REQUESTS', understudyCode: 'serving.queue_full' })
    expect(responses[0]?.status).toBe(429)
    expect(responses[0]?.headers.get('retry-after')).toBe('1')
    expect(responses[0]?.headers.get('understudy-version')).toBe('2')
    expect(rest.predictor.requests[0]).toMatchObject({ timeoutMs: 250, minGeneration: 6 })
  })

  it.each(['httpLink', 'httpBatchLink', 'httpBatchStreamLink'] as const)(
    'pins the version where the input names none, with %s',
    async (link) => {
      const input = { model: 'half', inputs: { x: [1] } }
      const pinned = clientOf(link, { 'understudy-version': '1' })
      expect((await pinned.predict.mutate(input)).servedBy).toMatchObject({ version: 1, variant: 'pinned' })
      expect((await pinned.describe.query({ model: 'half' })).servedBy.version).toBe(1)
      const labelled = await refusal(clientOf(link, { 'understudy-label': 'next' }).predict.mutate(input))
      expect(labelled.data?.understudyCode).toBe('serving.label_not_found')
      const torn = await refusal(pinned.predict.mutate({ ...input, version: 2 }))
      expect(torn.data?.understudyCode).toBe('request.malformed')
    },
  )

  it.each(['httpLink', 'httpBatchLink', 'httpBatchStreamLink'] as const)(
    'tells the id of a call also with its error, with %s',
    async (link) => {
      const client = clientOf(link, { 'understudy-request-id': 'mine' })
      const error = await refusal(client.predict.mutate({ model: 'nobody', instances: [1] }))
      expect(error.data?.requestId).toBe('mine')
    },
  )

  it('refuses bodies beyond the limits in the form that the client understands', async () => {
    const long = await refusal(
      clientOf().predict.mutate({ model: 'half', inputs: { x: new Array(60_000).fill(1) } }),
    )
    expect(long.data).toMatchObject({ code: 'PAYLOAD_TOO_LARGE', httpStatus: 413 })
    let deep: TensorValue[] = [1]
    for (let level = 0; level < 100; level += 1) deep = [deep]
    const nested = await refusal(clientOf().predict.mutate({ model: 'half', instances: deep }))
    expect(nested.message).toBe('The body is nested too deep.')
  })

  it('does not allocate what a lying shape promises', async () => {
    const lie = [new Array(15_000).fill(0), ...new Array(15_000).fill([])]
    const error = await refusal(clientOf().predict.mutate({ model: 'half', inputs: { x: lie } }))
    expect(error.message).toContain('unexpected size: 0 at level: 1')
  })

  it('shows no stack and no cause of a fault', async () => {
    rest.predictor.failure = new TypeError('secret of /data')
    const error = await refusal(clientOf().predict.mutate({ model: 'half', inputs: { x: [1] } }))
    expect(JSON.stringify(error.shape)).not.toMatch(/secret|stack/)
    expect(error.message).toContain(error.data?.id)
  })

  it('aborts a call whose client goes away', async () => {
    rest.predictor.hold()
    const controller = new AbortController()
    const call = clientOf().predict.mutate(
      { model: 'half', inputs: { x: [1] } },
      { signal: controller.signal },
    )
    const gone = expect(call).rejects.toBeInstanceOf(TRPCClientError)
    await waitFor('the call to run', () => rest.predictor.waiting === 1)
    controller.abort()
    await waitFor('the abort', () => rest.predictor.aborted.length === 1)
    await gone
  })

  it('never predicts on GET, nor on a content type that a foreign page may send', async () => {
    const get = await fetch(
      `${rest.url}/trpc/predict?input=${encodeURIComponent('{"model":"half","inputs":{"x":[1]}}')}`,
    )
    expect(get.status).toBe(405)
    const plain = await fetch(`${rest.url}/trpc/predict`, {
      method: 'POST',
      body: '{"model":"half","inputs":{"x":[1]}}',
    })
    expect(plain.status).toBe(415)
    expect(rest.predictor.requests).toHaveLength(0)
  })
})

describe('the other procedures', () => {
  it('describes a version and lists the models', async () => {
    const client = clientOf()
    expect(await client.describe.query({ model: 'half', label: 'live' })).toEqual({
      servedBy: expect.objectContaining({ version: 2 }),
      inputs: [{ name: 'x', dtype: 'float32', shape: ['N'] }],
      outputs: [{ name: 'y', dtype: 'float32', shape: ['N'] }],
    })
    expect(await client.models.query()).toEqual([
      { name: 'echo', versions: [] },
      {
        name: 'half',
        versions: [
          { version: 3, state: 'loading', reason: null },
          { version: 2, state: 'available', reason: null },
          { version: 1, state: 'available', reason: null },
        ],
      },
    ])
  })
})

describe('exported types', () => {
  it('tell a client what goes in and what comes out', () => {
    type Input = PredictRouterInputs['predict']
    expectTypeOf<{ model: string; inputs: { x: number[][] } }>().toExtend<Input>()
    expectTypeOf<{ model: string; instances: { x: number }[] }>().toExtend<Input>()
    expectTypeOf<{ inputs: { x: number[] } }>().not.toExtend<Input>()
    expectTypeOf<{ model: string; inputs: { x: () => void } }>().not.toExtend<Input>()
    type Output = PredictRouterOutputs['predict']
    expectTypeOf<Output['requestId']>().toEqualTypeOf<string>()
    expectTypeOf<Output['servedBy']['variant']>().toEqualTypeOf<'live' | 'canary' | 'pinned'>()
    expectTypeOf<Output['outputs'][string]['data'][number]>().toEqualTypeOf<number | string | boolean>()
  })
})
