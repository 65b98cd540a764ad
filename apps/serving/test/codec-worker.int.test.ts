import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { PlatformError, Signature } from '@understudy/core'
import {
  decodeExamplesRequest,
  decodeInferRequest,
  decodePredictBody,
  encodeExamplesResponse,
  encodeInferResponse,
  encodePredictResponse,
} from '@understudy/protocols'
import { waitFor } from '@understudy/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { CodecClient, type CodecClientOptions } from '../src/codec/codec-client.ts'
import { joinInfer } from '../src/http/join-infer.ts'
import { startRest } from './rest-fixture.ts'

const app = path.resolve(import.meta.dirname, '..')
const bundled = path.join(app, 'dist/codec/worker.mjs')
const folder = mkdtempSync(path.join(tmpdir(), 'understudy-codec-'))
const faults: PlatformError[] = []
let client: CodecClient

beforeAll(() => {
  // The same bundle as in production.
  execFileSync(process.execPath, ['../../packages/tooling/src/bundle.mjs', 'src/codec/worker.ts'], {
    cwd: app,
  })
})
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => client.close())

const start = (options: Partial<CodecClientOptions> = {}) => {
  faults.length = 0
  client = new CodecClient({
    workerPath: bundled,
    restartDelayMs: 0,
    onFault: (error) => faults.push(error),
    ...options,
  })
  return client
}
const script = (name: string, source: string) => {
  const file = path.join(folder, `${name}.mjs`)
  writeFileSync(file, source)
  return file
}
const silent = () =>
  script('silent', "import { parentPort } from 'node:worker_threads'\nparentPort.on('message', () => {})\n")

const signatureOf = (dtype: Signature['inputs'][number]['dtype']): Signature => ({
  inputs: [{ name: 'x', dtype, shape: ['N'] }],
  outputs: [],
})
const signature = signatureOf('float32')
/** Bytes may be given away, so each use gets its own. */
const body = (text: string) => new Uint8Array(Buffer.from(text))
const settled = (task: () => unknown) =>
  Promise.resolve()
    .then(task)
    .catch((error: PlatformError) => ({ code: error.code, message: error.message }))

describe('CodecClient', () => {
  it.each([
    ['numbers', '{"instances": [1, 2.5, -3e2]}', signature],
    ['nested rows', '{"instances": [[1, 2], [3, 4]]}', signature],
    ['texts', '{"instances": ["a", {"b64": "aGk="}]}', signatureOf('string')],
    ['long integers', '{"inputs": [9007199254740993]}', signatureOf('int64')],
    ['a wrong type', '{"instances": ["abc"]}', signature],
    ['a ragged list', '{"instances": [[1, 2], [3]]}', signature],
    ['no JSON', '{"instances": [1, @]}', signature],
    ['an unsupported type', '{"instances": [1]}', signatureOf('float16')],
  ])('reads %s as the front itself does, errors included', async (_name, text, of) => {
    const elsewhere = await settled(() => start().decodePredict(body(text), of))
    expect(elsewhere).toEqual(await settled(() => decodePredictBody(body(text), of)))
  })

  it.each([
    [
      'JSON',
      undefined,
      '{"id":"a","inputs":[{"name":"x","shape":[2],"datatype":"INT64","data":[1,9007199254740993]}]}',
    ],
    [
      'binary tensors',
      92,
      '{"inputs":[{"name":"x","shape":[4],"datatype":"UINT8","parameters":{"binary_data_size":4}}]}\u0001\u0002\u0003\u0004',
    ],
    ['wrong data', undefined, '{"inputs":[{"name":"x","shape":[2],"datatype":"INT64","data":[1]}]}'],
  ])(
    'reads an inference request of %s as the front itself does, errors included',
    async (_name, headerLength, text) => {
      const context = { headerLength, model: 'm', signature }
      const elsewhere = await settled(() => start().decodeInfer(body(text), context))
      expect(elsewhere).toEqual(await settled(() => decodeInferRequest(body(text), context)))
    },
  )

  it.each([false, true])('writes the same answer to an inference request, binary: %s', async (isBinary) => {
    const data = Float32Array.from({ length: 100 }, (_value, index) => Math.sin(index))
    const outputs = new Map([['y', { dtype: 'float32' as const, shape: [100], data }]])
    const form = { id: '\u00e4', outputs: undefined, isBinary }
    const answer = { model: 'm', version: 1, outputs, form, signature, classLabels: {} }
    const { body: written, headerLength } = await start().encodeInfer(answer)
    const expected = joinInfer(encodeInferResponse(answer))
    expect([Buffer.from(written), headerLength]).toEqual([Buffer.from(expected.body), expected.headerLength])
    expect(data).toHaveLength(100)
  })

  it.each(['row', 'columnar'] as const)('writes the same bytes in the %s form', async (form) => {
    const data = Float32Array.from({ length: 1_000 }, (_value, index) => Math.sin(index))
    const outputs = new Map([
      ['y', { dtype: 'float32' as const, shape: [500, 2], data }],
      ['tag', { dtype: 'string' as const, shape: [500], data: new Array<string>(500).fill('\u00e4') }],
    ])
    const written = await start().encodePredict(outputs, form)
    expect(Buffer.from(written).toString('utf8')).toBe(encodePredictResponse(outputs, form))
    expect(data).toHaveLength(1_000)
  })

  it.each([
    ['examples', '{"context": {"n": [1, 2]}, "examples": [{"x": 1.5, "s": "\u00e4"}, {"x": 2.0, "s": "b"}]}'],
    ['examples of a wrong type', '{"examples": [{"x": 1, "n": [1, 2], "s": "a"}]}'],
    ['no examples', '{"instances": [1]}'],
  ])('reads %s and writes their answer as the front itself does', async (_name, text) => {
    const target = {
      method: 'classify' as const,
      signature: {
        inputs: [
          { name: 'x', dtype: 'float32' as const, shape: ['N'] },
          { name: 'n', dtype: 'int64' as const, shape: ['N', 2] },
          { name: 's', dtype: 'string' as const, shape: ['N'] },
        ],
        outputs: [],
      },
      signatures: { kind: { method: 'classify' as const, scores: 'p' } },
    }
    const elsewhere = await settled(() => start().decodeExamples(body(text), target))
    expect(elsewhere).toEqual(await settled(() => decodeExamplesRequest(body(text), target)))
    const scores = { dtype: 'float32' as const, shape: [2, 2], data: new Float32Array([1, 2, NaN, 0.1]) }
    const outputs = new Map([['p', scores]])
    const made = { mapping: target.signatures.kind, classLabels: { p: ['a', 'b'] } }
    const written = await client.encodeExamples(outputs, made)
    expect(Buffer.from(written).toString('utf8')).toBe(
      encodeExamplesResponse(outputs, made.mapping, made.classLabels),
    )
  })

  it('hands over many texts as they are, in both directions', async () => {
    const texts = Array.from({ length: 50_000 }, (_value, index) => `${index % 7 === 0 ? 'ж' : 'ä'}${index}`)
    const outputs = new Map([['t', { dtype: 'string' as const, shape: [texts.length], data: texts }]])
    const codec = start()
    const written = await codec.encodePredict(outputs, 'columnar')
    expect(Buffer.from(written).toString('utf8') === encodePredictResponse(outputs, 'columnar')).toBe(true)
    const text = JSON.stringify({ inputs: texts })
    const { inputs } = await codec.decodePredict(body(text), signatureOf('string'))
    const { data } = inputs.get('x') ?? { data: [] }
    expect(data).toHaveLength(texts.length)
    expect(texts.findIndex((one, index) => one !== data[index])).toBe(-1)
    const infer = `{"inputs":[{"name":"x","shape":[${texts.length}],"datatype":"BYTES","data":${JSON.stringify(texts)}}]}`
    const context = { headerLength: undefined, model: 'm', signature: signatureOf('string') }
    const read = (await codec.decodeInfer(body(infer), context)).inputs.get('x')?.data ?? []
    expect(texts.findIndex((one, index) => one !== read[index])).toBe(-1)
  })

  it('knows the signatures of the model where it reads for :predict', async () => {
    const mappings = { kind: { method: 'classify' as const, scores: 'p' } }
    const text = '{"signature_name": "kind", "instances": [1]}'
    expect(await settled(() => start().decodePredict(body(text), signature, mappings))).toEqual(
      await settled(() => decodePredictBody(body(text), signature, mappings)),
    )
  })

  it('rejects everything that waits when the worker dies, and starts another', async () => {
    const dying = script(
      'dying',
      `import { parentPort } from 'node:worker_threads'
       parentPort.on('message', ({ id, task }) => {
         if (task.bytes.length === 3) process.exit(3)
         parentPort.postMessage({ id, result: { kind: 'decoded', body: { form: 'row', inputs: new Map() } } })
       })`,
    )
    const codec = start({ workerPath: dying })
    const outcomes = await Promise.all([
      settled(() => codec.decodePredict(body('die'), signature)),
      settled(() => codec.decodePredict(body('next'), signature)),
    ])
    expect(outcomes).toMatchObject([{ code: 'serving.executor_lost' }, { code: 'serving.executor_lost' }])
    expect(faults).toHaveLength(1)
    expect(await codec.decodePredict(body('next'), signature)).toMatchObject({ form: 'row' })
  })

  it('ends a worker that hangs over one body', async () => {
    const codec = start({ workerPath: silent(), taskTimeoutMs: 50 })
    await expect(codec.decodePredict(body('1'), signature)).rejects.toThrow('took too long')
  })

  it('refuses more bodies or bytes than may wait, and everything once closed', async () => {
    const codec = start({ workerPath: silent(), waitingMax: 1 })
    const waiting = settled(() => codec.decodePredict(body('1'), signature))
    expect(await settled(() => codec.decodePredict(body('2'), signature))).toMatchObject({
      code: 'serving.queue_full',
    })
    await codec.close()
    expect(await waiting).toMatchObject({ code: 'serving.draining' })
    const bytes = start({ workerPath: silent(), waitingBytesMax: 1 })
    const first = settled(() => bytes.decodePredict(body('1'), signature))
    expect(await settled(() => bytes.decodePredict(body('2'), signature))).toMatchObject({
      code: 'serving.queue_full',
    })
    await bytes.close()
    expect(await first).toMatchObject({ code: 'serving.draining' })
  })
})

describe('a large body over REST', () => {
  const large = JSON.stringify({ instances: Array.from({ length: 100_000 }, (_value, index) => index / 8) })
  const post = (url: string, headers: Record<string, string> = {}) =>
    fetch(`${url}/v1/models/half:predict`, { method: 'POST', body: large, headers })

  it('is answered with the same bytes, its answer included, as on the loop', async () => {
    await using inline = await startRest()
    await using elsewhere = await startRest({ largeBodies: start() })
    const [expected, got] = await Promise.all([post(inline.url), post(elsewhere.url)])
    expect(got.status).toBe(200)
    expect(await got.text()).toBe(await expected.text())
  })

  it('gets a deadline error when it is not read in time, and runs nothing', async () => {
    await using rest = await startRest({ largeBodies: start({ workerPath: silent() }) })
    const response = await post(rest.url, { 'understudy-timeout-ms': '50' })
    expect(response.status).toBe(504)
    expect(rest.predictor.requests).toHaveLength(0)
  })

  it('gets 503 when the worker ends, and 429 with a time to retry when too many wait', async () => {
    await using rest = await startRest({ largeBodies: start({ workerPath: silent(), waitingMax: 1 }) })
    const waiting = post(rest.url)
    await waitFor('one body to wait', () => client.inFlight === 1)
    const refused = await post(rest.url)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1'])
    await client.close()
    expect((await waiting).status).toBe(503)
  })
})
