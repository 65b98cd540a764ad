import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib'
import { PlatformError } from '@understudy/core'
import type { RequestEnded } from '@understudy/serving'
import { waitFor } from '@understudy/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import type { Access } from '../src/auth/access.ts'
import { ModelStatistics } from '../src/telemetry/model-statistics.ts'
import { RawClient } from './raw-client.ts'
import { type RestFixture, startRest } from './rest-fixture.ts'

const faults: PlatformError[] = []
const observed: RequestEnded[] = []
const statistics = new ModelStatistics()
const observer = {
  requestEnded: (event: RequestEnded) => {
    observed.push(event)
    statistics.requestEnded(event)
  },
  onFault: (error: PlatformError) => void faults.push(error),
}

let rest: RestFixture
beforeEach(async () => {
  faults.length = 0
  observed.length = 0
  rest = await startRest({ observer, statistics, limits: { maxBodyBytes: 64 * 1024 } })
})
afterEach(() => rest[Symbol.asyncDispose]())

type Body = string | Uint8Array<ArrayBuffer>
const post = (path: string, body: Body, headers: Record<string, string> = {}) =>
  fetch(`${rest.url}/v2/${path}`, {
    method: 'POST',
    body,
    headers: { 'accept-encoding': 'identity', ...headers },
  })
const infer = (body: Body, headers: Record<string, string> = {}, model = 'half') =>
  post(`models/${model}/infer`, body, headers)
const get = async (path: string, init: RequestInit = {}) => {
  const response = await fetch(`${rest.url}${path}`, init)
  return { status: response.status, text: await response.text() }
}
const half = (data: string, shape = '[1]', more = '') =>
  `{"inputs":[{"name":"x","shape":${shape},"datatype":"FP32","data":${data}}]${more}}`
const answerOf = async (response: Response) => ({ status: response.status, text: await response.text() })
const errorOf = async (response: Response) => {
  const { error } = (await response.json()) as { error: string }
  return [response.status, error] as const
}
/** JSON and what follows it, with the header that says where one ends. */
const binary = (head: object, ...parts: Uint8Array[]) => {
  const json = Buffer.from(JSON.stringify(head))
  return [
    new Uint8Array(Buffer.concat([json, ...parts])),
    { 'inference-header-content-length': String(json.length), 'content-type': 'application/octet-stream' },
  ] as const
}
const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer)
const declared = (size: number, shape = [2]) => ({
  inputs: [{ name: 'x', shape, datatype: 'FP32', parameters: { binary_data_size: size } }],
})

describe('POST infer', () => {
  it('answers JSON with JSON, and echoes the id', async () => {
    const response = await infer(half('[1,[2.5]]', '[2]', ',"id":"7"'))
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await answerOf(response)).toEqual({
      status: 200,
      text: '{"id":"7","model_name":"half","model_version":"2","outputs":[{"name":"y","datatype":"FP32","shape":[2],"data":[2.5,3.25]}]}',
    })
  })

  it('keeps 64-bit integers, texts and NaN', async () => {
    const body =
      '{"inputs":[{"name":"id","shape":[1],"datatype":"INT64","data":[9007199254740993]},{"name":"tag","shape":[1],"datatype":"BYTES","data":["ä"]}]}'
    const { text } = await answerOf(await infer(body, {}, 'echo'))
    expect(text).toContain('"data":[9007199254740993]')
    expect(text).toContain('"data":["ä"]')
    expect(text).toContain('"data":[NaN]')
  })

  it('answers binary tensors with binary tensors where they are asked for', async () => {
    const asked = { ...declared(8), outputs: [{ name: 'y', parameters: { binary_data: true } }] }
    const response = await infer(...binary(asked, floats(1, 2)))
    const bytes = Buffer.from(await response.arrayBuffer())
    const length = Number(response.headers.get('inference-header-content-length'))
    expect(response.headers.get('content-type')).toBe('application/octet-stream')
    expect(JSON.parse(bytes.subarray(0, length).toString())).toEqual({
      ...{ model_name: 'half', model_version: '2' },
      outputs: [{ name: 'y', datatype: 'FP32', shape: [2], parameters: { binary_data_size: 8 } }],
    })
    expect([...bytes.subarray(length)]).toEqual([...floats(2.5, 3)])
  })

  it('answers JSON to binary tensors, and binary tensors to JSON', async () => {
    const plain = await infer(...binary(declared(8), floats(1, 2)))
    expect((await answerOf(plain)).text).toContain('"data":[2.5,3.0]')
    const all = await infer(half('[1]', '[1]', ',"parameters":{"binary_data_output":true}'))
    const bytes = Buffer.from(await all.arrayBuffer())
    expect([...bytes.subarray(Number(all.headers.get('inference-header-content-length')))]).toEqual([
      ...floats(2.5),
    ])
  })

  it('takes a raw body for a model of one input', async () => {
    const response = await infer(floats(1, 2, 4), { 'inference-header-content-length': '0' })
    const bytes = Buffer.from(await response.arrayBuffer())
    const length = Number(response.headers.get('inference-header-content-length'))
    expect([...bytes.subarray(length)]).toEqual([...floats(2.5, 3, 4)])
    const two = await infer(floats(1), { 'inference-header-content-length': '0' }, 'echo')
    expect(await errorOf(two)).toEqual([400, expect.stringContaining('Raw request must only have 1 input')])
  })

  it('ranks classes where they are asked for', async () => {
    const outputs = ',"outputs":[{"name":"y","parameters":{"classification":2}}]'
    const { text } = await answerOf(await infer(half('[1,8]', '[2]', outputs)))
    expect(text).toContain('{"name":"y","datatype":"BYTES","shape":[2,1],"data":["2.500000:0","6.000000:0"]}')
  })

  it('asks the data plane for the outputs, budget and version that the request names', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const body = half('[1]', '[1]', ',"outputs":[{"name":"y"}],"parameters":{"timeout":250000}')
    const headers = { traceparent, 'understudy-min-generation': '6', 'understudy-request-id': 'order-17' }
    const response = await post('models/half/versions/1/infer', body, headers)
    expect((await answerOf(response)).text).toContain('"model_version":"1"')
    expect(rest.predictor.requests[0]).toMatchObject({
      ...{ requestId: 'order-17', model: 'half', selector: { kind: 'number', number: 1 } },
      ...{ outputs: ['y'], timeoutMs: 250, minGeneration: 6, traceparent },
    })
    await (await infer(body, { 'understudy-timeout-ms': '100' })).text()
    expect(rest.predictor.requests[1]?.timeoutMs).toBe(100)
  })

  it('says who answered, also of an error', async () => {
    const response = await infer(half('[1]'), { 'understudy-request-id': 'order-17' })
    const refused = await infer(half('[]'), { 'understudy-request-id': 'order-18' })
    await Promise.all([response.text(), refused.text()])
    const said = (answer: Response) =>
      ['model', 'version', 'variant', 'generation', 'request-id'].map((name) =>
        answer.headers.get(`understudy-${name}`),
      )
    expect(said(response)).toEqual(['half', '2', 'live', '7', 'order-17'])
    expect(said(refused)).toEqual(['half', '2', 'live', '7', 'order-18'])
  })

  it.each([
    [{ 'understudy-version': '1' }, '', 200, '"model_version":"1"'],
    [{ 'understudy-label': 'live' }, '', 200, '"model_version":"2"'],
    [{ 'understudy-version': '1' }, '/versions/1', 200, '"model_version":"1"'],
    [{ 'understudy-version': '1' }, '/versions/2', 400, 'names another version'],
    [{ 'understudy-label': 'live' }, '/versions/2', 400, 'names another version'],
    [{ 'understudy-version': '1', 'understudy-label': 'live' }, '', 400, 'not both'],
    [{ 'understudy-version': 'one' }, '', 400, 'is not the number of a version'],
    [{ 'understudy-label': 'none' }, '', 400, 'No label none'],
  ])('pins by the headers %j at "%s"', async (headers, path, status, text) => {
    const response = await post(`models/half${path}/infer`, half('[1]'), headers)
    expect(await answerOf(response)).toEqual({ status, text: expect.stringContaining(text) })
  })

  it('tells the observer of every request, once, with its error', async () => {
    await (await infer(half('[1]'))).text()
    await (await infer('x')).text()
    await (await infer(half('[1]'), {}, 'none')).text()
    await waitFor('all three to be told', () => observed.length === 3)
    expect(observed.map(({ protocol, model, error }) => [protocol, model, error?.code])).toEqual([
      ['oip-rest', 'half', undefined],
      ['oip-rest', 'half', 'request.malformed'],
      ['oip-rest', 'none', 'serving.model_not_found'],
    ])
    expect(observed[0]?.times.decodeMs).toBeGreaterThan(0)
  })
})

describe('errors', () => {
  it.each([
    ['an unknown model', 'models/none/infer', 404, "Request for unknown model: 'none' is not found"],
    [
      'an unknown version',
      'models/half/versions/9/infer',
      404,
      "unknown model: 'half' version 9 is not found",
    ],
    ['a version that loads', 'models/half/versions/3/infer', 503, "'half' version 3 is not at ready state"],
  ])('speaks as Triton does of %s', async (_what, path, status, message) => {
    const response = await post(path, half('[1]'))
    expect(await errorOf(response)).toEqual([status, expect.stringContaining(message)])
    expect(response.headers.get('retry-after')).toBe(status === 503 ? '1' : null)
  })

  it.each([
    ['serving.queue_full', 503, 'Exceeds maximum queue size (why)'],
    ['serving.deadline_exceeded', 503, 'Request timeout expired (why)'],
    ['onnx.input_unknown', 400, 'why'],
    ['serving.executor_lost', 503, 'why'],
  ] as const)('answers %s', async (code, status, message) => {
    rest.predictor.failure = new PlatformError(code, 'why')
    expect(await errorOf(await infer(half('[1]')))).toEqual([status, message])
  })

  it('hides a fault of its own behind an id, and reports it once', async () => {
    rest.predictor.failure = new Error('secret')
    const [status, text] = await errorOf(await infer(half('[1]')))
    expect([status, text.includes('secret'), faults.length]).toEqual([500, false, 1])
    expect(text).toContain(faults[0]?.id)
  })

  it.each([
    ['no body', '', {}, 'The document is empty'],
    ['no JSON', '{"inputs":', {}, 'failed to parse the request JSON buffer'],
    ['a negative size', half('[1]', '[-1]'), {}, "Unable to parse 'shape'"],
    ['2^31 elements', half('[1]', '[2147483648]'), {}, 'Shape does not match'],
    ['another number of elements', half('[1,2]'), {}, 'Shape does not match'],
    [
      'a header length that lies',
      half('[1]'),
      { 'inference-header-content-length': '9999' },
      'inference header size',
    ],
    [
      'a header length that is none',
      half('[1]'),
      { 'inference-header-content-length': 'x' },
      'Unable to parse Inference',
    ],
    ['a body that is no gzip', half('[1]'), { 'content-encoding': 'gzip' }, 'not valid gzip'],
    ['a body that is no deflate', half('[1]'), { 'content-encoding': 'deflate' }, 'not valid deflate'],
    ['a budget that is none', half('[1]'), { 'understudy-timeout-ms': 'soon' }, 'understudy-timeout-ms'],
  ])('refuses %s', async (_what, body, headers, message) => {
    expect(await errorOf(await infer(body, headers as Record<string, string>))).toEqual([
      ...[400, expect.stringContaining(message)],
    ])
  })

  it.each([
    ['cut short', declared(8), floats(1), 'expecting 4 additional bytes'],
    ['left over', declared(8), floats(1, 2, 3), 'unexpected additional input data'],
    ['of another size', declared(12), floats(1, 2, 3), 'unexpected total byte size 12, expecting 8'],
    ['of 2^31 elements', declared(8, [2 ** 31]), floats(1, 2), 'unexpected total byte size 8'],
  ])('refuses binary data that is %s', async (_what, head, data, message) => {
    expect(await errorOf(await infer(...binary(head, data)))).toEqual([400, expect.stringContaining(message)])
  })

  it('refuses what is too large, as it is and unpacked, and goes on', async () => {
    const large = new Uint8Array(70 * 1024).fill(0x20)
    expect((await infer(large)).status).toBe(413)
    for (const [encoding, pack] of [
      ['gzip', gzipSync],
      ['deflate', deflateSync],
    ] as const) {
      const bomb = new Uint8Array(pack(Buffer.alloc(50 * 1024 * 1024)))
      expect(bomb.length).toBeLessThan(64 * 1024)
      expect((await infer(bomb, { 'content-encoding': encoding })).status).toBe(413)
    }
    expect((await infer(half('[1]'), { 'content-encoding': 'br' })).status).toBe(501)
    expect((await infer(half('[1]'))).status).toBe(200)
  })
})

describe('compression', () => {
  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
  ] as const)('reads bodies of %s', async (encoding, pack) => {
    const [body, headers] = binary(declared(8), floats(1, 2))
    const response = await infer(new Uint8Array(pack(body)), { ...headers, 'content-encoding': encoding })
    expect((await answerOf(response)).text).toContain('"data":[2.5,3.0]')
  })

  it.each([
    ['gzip', 'gzip', gunzipSync],
    ['deflate, gzip;q=0.5', 'deflate', inflateSync],
  ] as const)('answers as "%s" accepts', async (accept, encoding, unpack) => {
    const client = new RawClient(rest.port)
    const data = JSON.stringify(Array.from({ length: 2_000 }, (_, at) => at))
    client.post('/v2/models/half/infer', half(data, '[2000]'), { 'accept-encoding': accept })
    const { status, headers, bytes } = await client.answer()
    expect([status, headers['content-encoding']]).toEqual([200, encoding])
    const { outputs } = JSON.parse(unpack(bytes).toString())
    expect(outputs[0].data.slice(0, 3)).toEqual([2, 2.5, 3])
    client.socket.destroy()
  })

  it('leaves small answers as they are', async () => {
    const response = await infer(half('[1]'), { 'accept-encoding': 'gzip' })
    expect([response.status, response.headers.get('content-encoding')]).toEqual([200, null])
  })
})

describe('connections', () => {
  it('answers requests behind one another, whatever the first was', async () => {
    const client = new RawClient(rest.port)
    client.post('/v2/models/half/infer', 'x')
    client.post('/v2/models/half/infer', half('[1]'))
    expect((await client.answer()).status).toBe(400)
    expect((await client.answer()).status).toBe(200)
    client.socket.destroy()
  })

  it('answers a client that has closed its half', async () => {
    const client = new RawClient(rest.port)
    client.post('/v2/models/half/infer', half('[1]'))
    client.socket.end()
    expect((await client.answer()).status).toBe(200)
  })

  it('gives up what a client no longer waits for', async () => {
    rest.predictor.hold()
    const client = new RawClient(rest.port)
    client.post('/v2/models/half/infer', half('[1]'), { 'understudy-request-id': 'gone' })
    await waitFor('the request to wait', () => rest.predictor.waiting === 1)
    client.socket.destroy()
    await waitFor('the data plane to hear of it', () => rest.predictor.aborted.includes('gone'))
    rest.predictor.release()
    expect((await infer(half('[1]'))).status).toBe(200)
  })

  it('closes connections while it drains', async () => {
    rest.predictor.hold()
    const client = new RawClient(rest.port)
    client.post('/v2/models/half/infer', half('[1]'))
    await waitFor('the request to wait', () => rest.predictor.waiting === 1)
    const closed = rest.server.close({ deadlineMs: 10_000 })
    rest.predictor.release()
    const { status, headers } = await client.answer()
    expect([status, headers.connection]).toEqual([200, 'close'])
    expect(await closed).toEqual({ cutRequests: 0 })
  })
})

describe('everything else', () => {
  it('tells its name and extensions', async () => {
    const { status, text } = await get('/v2')
    expect([status, JSON.parse(text)]).toEqual([
      200,
      {
        name: 'understudy',
        version: manifest.version,
        extensions: expect.arrayContaining(['binary_tensor_data']),
      },
    ])
  })

  it('describes models and versions', async () => {
    const tensor = (name: string) => ({ name, datatype: 'FP32', shape: [-1] })
    const { text } = await get('/v2/models/half')
    expect(JSON.parse(text)).toEqual({
      ...{ name: 'half', versions: ['1', '2'], platform: 'onnxruntime_onnx' },
      ...{ inputs: [tensor('x')], outputs: [tensor('y')] },
    })
    expect(JSON.parse((await get('/v2/models/half/versions/1')).text).versions).toEqual(['1'])
    expect(JSON.parse((await get('/v2/models/half/config')).text)).toMatchObject({
      name: 'half',
      max_batch_size: 0,
    })
    expect(await get('/v2/models/none')).toMatchObject({ status: 404 })
  })

  it.each([
    ['/v2/models/half/ready', 200, '{"name":"half","ready":true}'],
    ['/v2/models/half/versions/1/ready', 200, '{"name":"half","ready":true}'],
    ['/v2/models/half/versions/3/ready', 503, '{"error":"Model version not ready"}'],
    ['/v2/models/none/ready', 404, `{"error":"Request for unknown model: 'none' is not found"}`],
    ['/v2/health/live', 200, '{"live":true}'],
    ['/v2/health/ready', 200, '{"ready":true}'],
    ['/v2/nothing', 404, '{"error":"Not Found"}'],
    ['/v2/models/half/infer', 405, '{"error":"Method Not Allowed"}'],
    ['/v2/repository/index', 405, '{"error":"Method Not Allowed"}'],
  ])('answers GET %s', async (path, status, text) => {
    expect(await get(path)).toEqual({ status, text })
  })

  it.each(['/v2', '/v2/models/half', '/v2/models/half/stats', '/v2/health/live'])(
    'has no POST at %s',
    async (path) => {
      expect(await get(path, { method: 'POST', body: '{}' })).toEqual({
        ...{ status: 405, text: '{"error":"Method Not Allowed"}' },
      })
    },
  )

  it('lists what is served', async () => {
    const all = (await (await post('repository/index', '')).json()) as { version: string }[]
    expect(all).toEqual([
      { name: 'half', version: '1', state: 'READY', reason: '' },
      { name: 'half', version: '2', state: 'READY', reason: '' },
      { name: 'half', version: '3', state: 'LOADING', reason: '' },
    ])
    expect(await (await post('repository/index', '{"ready":true}')).json()).toHaveLength(2)
    expect((await post('repository/index', '{"ready":')).status).toBe(400)
    expect((await post('repository/index', `{"x":"${'y'.repeat(70_000)}"}`)).status).toBe(413)
  })

  it.each(['load', 'unload'])('leaves it to Git to %s models', async (verb) => {
    expect(await errorOf(await post(`repository/models/half/${verb}`, '{"parameters":{}}'))).toEqual([
      503,
      expect.stringMatching(/^explicit model load \/ unload is not allowed if polling is enabled.*Git/),
    ])
  })

  it('counts what was asked of each version', async () => {
    const before = statistics.of('half', 1)
    await (await post('models/half/versions/1/infer', half('[1]'))).text()
    await (await post('models/half/versions/1/infer', half('[]'))).text()
    await waitFor('both to be counted', () => statistics.of('half', 1).fail.count === before.fail.count + 1)
    const { model_stats: stats } = JSON.parse((await get('/v2/models/half/versions/1/stats')).text)
    expect(stats).toHaveLength(1)
    expect(stats[0]).toMatchObject({
      ...{ name: 'half', version: '1', response_stats: {} },
      inference_stats: {
        success: { count: before.success.count + 1, ns: expect.any(Number) },
        fail: { count: before.fail.count + 1, ns: expect.any(Number) },
        cache_hit: { count: 0, ns: 0 },
      },
    })
    expect(stats[0].last_inference).toBeGreaterThan(1_700_000_000_000)
    expect(JSON.parse((await get('/v2/models/stats')).text).model_stats).toHaveLength(2)
    expect(await get('/v2/models/none/stats')).toMatchObject({ status: 404 })
    expect(await get('/v2/models/half/versions/3/stats')).toMatchObject({ status: 404 })
  })

  it('asks for a key before anything but health, and hides models that are not for its owner', async () => {
    const access: Access = {
      check: (authorization) => {
        if (authorization === undefined)
          throw new PlatformError('request.unauthenticated', 'A key is needed.')
        return { mayUse: (model) => model === authorization }
      },
    }
    await rest[Symbol.asyncDispose]()
    rest = await startRest({ access })
    for (const path of ['/v2', '/v2/models/half', '/v2/models/stats']) {
      expect(await get(path)).toEqual({ status: 401, text: '{"error":"A key is needed."}' })
    }
    expect((await infer('x')).status).toBe(401)
    expect((await get('/v2/health/ready')).status).toBe(200)
    expect((await infer(half('[1]'), { authorization: 'half' })).status).toBe(200)
    expect(await errorOf(await infer(half('[1]'), { authorization: 'echo' }))).toEqual([
      ...[404, "Request for unknown model: 'half' is not found"],
    ])
    expect(await (await post('repository/index', '', { authorization: 'echo' })).json()).toEqual([])
  })
})
