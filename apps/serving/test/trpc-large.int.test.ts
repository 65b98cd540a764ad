import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CodecClient } from '../src/codec/codec-client.ts'
import { type RestFixture, startRest } from './rest-fixture.ts'
import { valuesOfLines, WireClient, type WireRequest } from './trpc-wire.ts'

const app = path.resolve(import.meta.dirname, '..')
let codec: CodecClient
let fast: RestFixture
let stock: RestFixture
let client: WireClient
beforeAll(async () => {
  // The same bundle as in production.
  execFileSync(process.execPath, ['../../packages/tooling/src/bundle.mjs', 'src/codec/worker.ts'], {
    cwd: app,
  })
  codec = new CodecClient({
    workerPath: path.join(app, 'dist/codec/worker.mjs'),
    onFault: (error) => {
      throw error
    },
  })
  fast = await startRest({ largeBodies: codec })
  stock = await startRest({ hasTrpcFastPath: false })
  client = new WireClient()
})
afterAll(async () => {
  client[Symbol.dispose]()
  await Promise.all([fast[Symbol.asyncDispose](), stock[Symbol.asyncDispose](), codec.close()])
})

const MANY = 70_000
const numbers = Array.from({ length: MANY }, (_, index) => (index * 37) % 1_000).join(',')
const padding = `"more":"${'a'.repeat(300_000)}"`
const post = (body: string): WireRequest => ({ body })
const batch = (bodies: readonly string[]): WireRequest => ({
  path: `${bodies.map(() => 'predict').join(',')}?batch=1`,
  body: `{${bodies.map((body, index) => `"${index}":${body}`).join(',')}}`,
})
const half = (x: string) => `{"model":"half","inputs":{"x":[${x}]}}`

const LARGE: Record<string, WireRequest> = {
  'numbers, and as many in the answer': post(half(numbers)),
  rows: post(`{"model":"half","instances":[${numbers}]}`),
  'tensors in front of their model': post(`{"inputs":{"x":[${numbers}]},"model":"half"}`),
  'text for numbers': post(half(`"NaN",${numbers}`)),
  'a batch': batch([half(numbers), half(numbers)]),
  'a batch of several models': batch([
    half(numbers),
    `{"model":"echo",${padding},"instances":[{"id":1,"tag":"ä"}]}`,
    '{"model":"nobody","instances":[1]}',
    '{"model":"half","version":1,"instances":[1]}',
    '{"model":"half","label":"none","instances":[1]}',
    '{"model":"half","instances":["a"]}',
    '{"model":1}',
    'null',
  ]),
  'outputs and a budget': post(
    `{"model":"half",${padding},"outputs":["y"],"timeoutMs":30000,"inputs":{"x":[1]}}`,
  ),
  'an unknown model': post(`{"model":"nobody","inputs":{"x":[${numbers}]}}`),
  'a wrong value': post(half(`true,${numbers}`)),
  'an input that no schema takes': post(`{"model":"half",${padding}}`),
  'a cut body': post(half(numbers).slice(0, -2)),
  'no JSON': post(half(`@,${numbers}`)),
  'a byte order mark': post(`\ufeff${half(numbers)}`),
  'deep lists': post(half(`${'['.repeat(70)}${numbers}${']'.repeat(70)}`)),
  'a batch that is a list': { path: 'predict?batch=1', body: `[${half(numbers)}]` },
  'a batch that is cut': { path: 'predict,predict?batch=1', body: `{"0":${half(numbers)},` },
}

describe('a large request that is read and answered in the worker', () => {
  it.each(Object.entries(LARGE))('is answered as the stock adapter does: %s', async (_, request) => {
    const lines = { ...request, headers: { 'trpc-accept': 'application/jsonl' } }
    for (const sent of request.path === undefined ? [request] : [request, lines]) {
      const answers = await Promise.all([client.send(fast.port, sent), client.send(stock.port, sent)])
      const [ours, theirs] = answers.map(({ body, ...answer }) => ({
        ...answer,
        body: body.startsWith('{"0":[[0],') ? valuesOfLines(body) : body,
      }))
      expect(ours).toEqual(theirs)
    }
  })
})

it('gets an error in the form of the protocol when the worker is gone', async () => {
  await codec.close()
  const answer = await client.send(fast.port, post(half(numbers)))
  expect(answer.status).toBe(503)
  expect(JSON.parse(answer.body)).toMatchObject({
    error: { data: { understudyCode: 'serving.draining', path: 'predict', requestId: 'r' } },
  })
})
