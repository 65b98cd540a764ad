import { gzipSync } from 'node:zlib'
import { PlatformError } from '@understudy/core'
import { decodeExamplesRequest, encodeExamplesResponse } from '@understudy/protocols'
import type { RequestEnded } from '@understudy/serving'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LargeBodies } from '../src/http/large-bodies.ts'
import { type RestFixture, startRest } from './rest-fixture.ts'

const observed: RequestEnded[] = []
const observer = {
  requestEnded: (event: RequestEnded) => void observed.push(event),
  onFault: () => undefined,
}

let rest: RestFixture
beforeEach(async () => {
  observed.length = 0
  rest = await startRest({ observer })
})
afterEach(() => rest[Symbol.asyncDispose]())

async function post(
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
) {
  const response = await fetch(`${rest.url}/v1/models/${path}`, { method: 'POST', body, headers })
  return { status: response.status, text: await response.text(), headers: response.headers }
}

const FLOWER = '{"examples": [{"cm": [1.0, 3.0], "petals": 5}, {"cm": [2.0, 2.0], "petals": 6, "note": "x"}]}'
const SHARES = '{"results":[[["rose",0.25],["daisy",0.75]],[["rose",0.5],["daisy",0.5]]]}'
const NOT_CLASSIFY =
  'Expected classification signature method_name to be tensorflow/serving/classify. Was: tensorflow/serving/'

describe(':classify and :regress', () => {
  it('answer examples by the signatures of the model', async () => {
    expect(await post('flowers:classify', FLOWER)).toMatchObject({ status: 200, text: SHARES })
    const context = '{"context": {"petals": 5}, "signature_name": "kind", "examples": [{"cm": [1.0, 3.0]}]}'
    expect((await post('flowers/Labels/live:CLASSIFY', context)).text).toBe(
      '{"results":[[["rose",0.25],["daisy",0.75]]]}',
    )
    const values = await post('half:regress', '{"examples": [{"x": 3.0}, {"x": NaN}, {"x": 4.0}]}')
    expect(values.text).toBe('{"results":[3.5,NaN,4.0]}')
    expect(rest.predictor.requests.map(({ outputs }) => outputs)).toEqual([['p'], ['p'], ['y']])
  })

  it('say who answered, and read headers, gzip and trailing bytes as :predict does', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const { status, headers } = await post('flowers/versions/1:classify', gzipSync(`${FLOWER} and more`), {
      'content-encoding': 'gzip',
      'content-type': 'text/plain',
      'understudy-request-id': 'order-17',
      'understudy-timeout-ms': '250',
      'understudy-min-generation': '6',
      traceparent,
    })
    expect(status).toBe(200)
    const pinned = await post('flowers:classify', FLOWER, { 'understudy-version': '1' })
    expect(pinned.headers.get('understudy-version')).toBe('1')
    expect(headers.get('content-type')).toBe('application/json')
    expect(headers.get('understudy-version')).toBe('1')
    expect(headers.get('understudy-request-id')).toBe('order-17')
    expect(rest.predictor.requests[0]).toMatchObject({
      ...{ requestId: 'order-17', selector: { kind: 'number', number: 1 } },
      ...{ timeoutMs: 250, minGeneration: 6, traceparent },
    })
  })

  it.each([
    ['nobody:classify', FLOWER, 404, 'Servable not found for request: Latest(nobody)'],
    ['flowers/versions/9:classify', FLOWER, 404, 'Servable not found for request: Specific(flowers, 9)'],
    ['flowers/labels/x:classify', FLOWER, 400, 'Unrecognized servable version label: x'],
    ['flowers/versions/3:classify', FLOWER, 503, 'flowers@3 is loading.'],
    ['echo:classify', FLOWER, 400, `${NOT_CLASSIFY}predict`],
    ['half:classify', '{"examples": [{}], "signature_name": "halved"}', 400, `${NOT_CLASSIFY}regress`],
    [
      'flowers:regress',
      FLOWER,
      400,
      'Expected regression signature method_name to be tensorflow/serving/regress. Was: tensorflow/serving/predict',
    ],
    [
      'flowers:classify',
      '{"examples": [{}], "signature_name": "z"}',
      400,
      'Serving signature name: "z" not found in signature def',
    ],
    ['flowers:classify', '', 400, 'JSON Parse error: The document is empty'],
    [
      'flowers:classify',
      '{"examples": [{"cm": [1.0, 2.0]}]}',
      400,
      'Name: <unknown>, Feature: petals (data type: int32) is required but could not be found. Index: 0 (input petals: int32 [N])',
    ],
    [
      'flowers:classify',
      '{"context": {"petals": 1}, "examples": [{"cm": [1.0, 2.0], "petals": 1}]}',
      400,
      'Feature: petals is in the context and again in example 0',
    ],
  ])('answer POST %s %s with %i', async (path, body, status, error) => {
    const answer = await post(path, body)
    expect([answer.status, JSON.parse(answer.text)]).toEqual([status, { error }])
  })

  it('tell the observer of every call once, with its outcome', async () => {
    await post('flowers:classify', FLOWER, { 'understudy-request-id': 'seen' })
    await post('flowers:classify', '{')
    rest.predictor.failure = new PlatformError('serving.queue_full', 'Queue of flowers@2 is full.')
    const refused = await post('flowers:classify', FLOWER)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1'])
    expect(observed).toMatchObject([
      {
        requestId: 'seen',
        protocol: 'tfs-rest',
        model: 'flowers',
        servedBy: { version: 2 },
        error: undefined,
      },
      { servedBy: { version: 2 }, error: { code: 'request.malformed' } },
      { servedBy: { version: 2 }, error: { code: 'serving.queue_full' } },
    ])
    expect(observed[0]?.times.decodeMs).toBeGreaterThan(0)
    expect(observed[0]?.times.encodeMs).toBeGreaterThan(0)
  })

  it('are known to :predict and to the metadata by their name', async () => {
    const named = (name: string) => `{"signature_name": "${name}", "instances": [1.0]}`
    expect((await post('half:predict', named('serving_default'))).text).toBe('{"predictions":[2.5]}')
    expect(JSON.parse((await post('half:predict', named('halved'))).text).error).toBe(
      'Expected prediction signature method_name to be tensorflow/serving/predict. Was: tensorflow/serving/regress',
    )
    const metadata = await (await fetch(`${rest.url}/v1/models/half/metadata`)).json()
    expect(metadata).toMatchObject({
      metadata: {
        signature_def: {
          signature_def: {
            serving_default: { method_name: 'tensorflow/serving/predict' },
            halved: { method_name: 'tensorflow/serving/regress' },
          },
        },
      },
    })
  })
})

describe('large bodies of examples', () => {
  const rows = Array.from({ length: 4_000 }, () => '{"cm": [1.0, 3.0], "petals": 5}')
  const large = `{"examples": [${rows.join(',')}]}`
  // Nothing else is asked for here.
  const bodies = {
    decodeExamples: async (bytes, target) => decodeExamplesRequest(bytes, target),
    encodeExamples: async (outputs, { mapping, classLabels }) =>
      Buffer.from(encodeExamplesResponse(outputs, mapping, classLabels)),
  } satisfies Partial<LargeBodies> as Partial<LargeBodies> as LargeBodies

  it('are read off the loop, and their budget runs on meanwhile', async () => {
    const seen: string[] = []
    const largeBodies: LargeBodies = {
      ...bodies,
      decodeExamples: (bytes, target) => {
        seen.push(target.method)
        return bodies.decodeExamples(bytes, target)
      },
    }
    await rest[Symbol.asyncDispose]()
    rest = await startRest({ observer, largeBodies })
    const answer = await post('flowers:classify', large, { 'understudy-timeout-ms': '60000' })
    expect(JSON.parse(answer.text).results).toHaveLength(4_000)
    expect((await post('flowers:classify', FLOWER)).text).toBe(SHARES)
    expect(seen).toEqual(['classify'])
    expect(rest.predictor.requests[0]?.timeoutMs).toBeLessThan(60_000)
  })

  it('are given up when they are read for longer than the request has', async () => {
    await rest[Symbol.asyncDispose]()
    const largeBodies: LargeBodies = { ...bodies, decodeExamples: () => new Promise(() => undefined) }
    rest = await startRest({ observer, largeBodies })
    const answer = await post('flowers:classify', large, { 'understudy-timeout-ms': '20' })
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      504,
      { error: 'The request was read for longer than the 20 ms that it has.' },
    ])
    expect(rest.predictor.requests).toHaveLength(0)
  })
})
