import { PlatformError, type Signature, type Tensor } from '@understudy/core'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RestFixture, startRest } from './rest-fixture.ts'
import { valuesOfLines, WireClient, type WireRequest } from './trpc-wire.ts'

/**
 * The short way for `predict` against tRPC's own adapter: the same requests to a node with and to one without it, and not a byte of
 * status, headers or body may differ. When `@trpc/server` changes its wire, this fails; then the short way has to follow
 * (`trpc-fast-*.ts`, `packages/api/src/predict/encode-*.ts`), never this test.
 */
const LIMITS = { limits: { maxBodyBytes: 50_000 } }
const LINES = { 'trpc-accept': 'application/jsonl' }
const X = '{"model":"half","inputs":{"x":[1,2.5]}}'
const ROWS = '{"model":"echo","instances":[{"id":1,"tag":"a"},{"id":2,"tag":"b"}]}'

let fast: RestFixture
let stock: RestFixture
let client: WireClient
beforeAll(async () => {
  fast = await startRest(LIMITS)
  stock = await startRest({ ...LIMITS, hasTrpcFastPath: false })
  client = new WireClient()
})
afterAll(async () => {
  client[Symbol.dispose]()
  await Promise.all([fast[Symbol.asyncDispose](), stock[Symbol.asyncDispose]()])
})

async function both(request: WireRequest) {
  const answers = await Promise.all([client.send(fast.port, request), client.send(stock.port, request)])
  const ofManyCalls = request.path?.includes(',') && answers[1].body.startsWith('{"0":[[0],')
  return ofManyCalls ? answers.map((one) => ({ ...one, body: valuesOfLines(one.body) })) : answers
}

async function expectSame(request: WireRequest) {
  fast.predictor.requests.length = 0
  stock.predictor.requests.length = 0
  const [ours, theirs] = await both(request)
  expect(ours).toEqual(theirs)
  const asked = ({ predictor }: RestFixture) =>
    predictor.requests.map(({ signal: _, times: __, header, ...request }) => ({
      ...request,
      type: header?.('content-type'),
      unknown: header?.('understudy-sticky-key'),
    }))
  expect(asked(fast)).toEqual(asked(stock))
  return ours
}

const post = (body: string): WireRequest => ({ body })
const batch = (bodies: readonly string[], paths = bodies.map(() => 'predict')): WireRequest => ({
  path: `${paths.join(',')}?batch=1`,
  body: `{${bodies.map((body, index) => `"${index}":${body}`).join(',')}}`,
})
const half = (x: string) => post(`{"model":"half","inputs":{"x":${x}}}`)

const USUAL: Record<string, WireRequest> = {
  'named tensors': post(X),
  rows: post('{"model":"half","instances":[1,2,-3.25e2]}'),
  'rows by name': post(ROWS),
  'white space and line ends': post(' {\r\n\t"model" : "half" ,\n"inputs" : { "x" : [ 1 , 2 ] } } \n'),
  'tensors before the model': post('{"inputs":{"x":[1]},"model":"half"}'),
  'flat tensors': half('{"dtype":"float32","shape":[2,1],"data":[1,2]}'),
  'flat tensors in another order': half('{"data":[1,2],"shape":[1,2]}'),
  'flat tensors of another type': half('{"dtype":"int64","shape":[1],"data":[1]}'),
  'flat tensors that are too short': half('{"shape":[3],"data":[1]}'),
  'flat tensors of impossible shapes': half('{"shape":[-1],"data":[]}'),
  'an unknown member of a flat tensor': half('{"shape":[1],"data":[1],"more":1}'),
  scalars: half('7'),
  'ragged lists': half('[[1,2],[3]]'),
  'empty lists': half('[]'),
  'lists of empty lists': half('[[],[]]'),
  'huge numbers': half('[1e308,-1e308,16777217,123456789012345678901234567890,5e-324,1E+2,-0,0.1]'),
  'numbers beyond doubles': half('[1e999]'),
  'odd numbers': half('[01]'),
  'text for numbers': half('["NaN","Infinity","-Infinity","nan"]'),
  'bare NaN': half('[NaN]'),
  'null, true': half('[null,true]'),
  'long integers': post(
    '{"model":"echo","inputs":{"id":["9007199254740993",9007199254740993],"tag":["",""]}}',
  ),
  'integers with a point': post('{"model":"echo","inputs":{"id":[1.0],"tag":["x"]}}'),
  unicode: post('{"model":"echo","inputs":{"id":[1],"tag":["ä € 😀 \\ud800 \\u0000 \\" \\u2028"]}}'),
  'bytes that are no UTF-8': { body: Buffer.from('{"model":"half\xff","inputs":{"x":[1]}}', 'latin1') },
  'a byte order mark': post(`\ufeff${X}`),
  'a version': post('{"model":"half","version":1,"inputs":{"x":[1]}}'),
  'a version behind the tensors': post('{"model":"half","inputs":{"x":[1]},"version":1}'),
  'versions that are none': post('{"model":"half","version":1.5,"inputs":{"x":[1]}}'),
  'version 0': post('{"model":"half","version":0,"inputs":{"x":[1]}}'),
  'a version with a leading zero': post('{"model":"half","version":01,"inputs":{"x":[1]}}'),
  'an unknown version': post('{"model":"half","version":9,"inputs":{"x":[1]}}'),
  'a version that loads': post('{"model":"half","version":3,"inputs":{"x":[1]}}'),
  'a label': post('{"model":"half","label":"live","inputs":{"x":[1]}}'),
  'an unknown label': post('{"model":"half","label":"next","inputs":{"x":[1]}}'),
  'a version and a label': post('{"model":"half","version":1,"label":"live","inputs":{"x":[1]}}'),
  'outputs by name': post('{"model":"half","outputs":["y"],"inputs":{"x":[1]}}'),
  'no outputs': post('{"model":"half","outputs":[],"inputs":{"x":[1]}}'),
  'a budget': post('{"model":"half","timeoutMs":12.5,"inputs":{"x":[1]}}'),
  'a budget of nothing': post('{"model":"half","timeoutMs":0,"inputs":{"x":[1]}}'),
  'unknown members': post('{"model":"half","more":{"model":1},"inputs":{"x":[1]}}'),
  'inputs and instances': post('{"model":"half","inputs":{"x":[1]},"instances":[1]}'),
  'neither inputs nor instances': post('{"model":"half"}'),
  'no rows': post('{"model":"half","instances":[]}'),
  'inputs that are a list': post('{"model":"half","inputs":[1]}'),
  'inputs that are null': post('{"model":"half","inputs":null}'),
  'a missing input': post('{"model":"half","inputs":{}}'),
  'an unknown input': post('{"model":"half","inputs":{"x":[1],"y":[1]}}'),
  'the same member twice': post('{"model":"nobody","model":"half","inputs":{"x":[1]}}'),
  'the same input twice': post('{"model":"half","inputs":{"x":[1],"x":[2]}}'),
  'members by escapes': post('{"mod\\u0065l":"half","inputs":{"\\u0078":[1]}}'),
  __proto__: post('{"__proto__":{"model":"half"},"model":"half","inputs":{"__proto__":[1],"x":[1]}}'),
  'a constructor': post('{"model":"half","inputs":{"constructor":[1],"x":[1]}}'),
  'no model': post('{"inputs":{"x":[1]}}'),
  'an unknown model': post('{"model":"nobody","inputs":{"x":[1]}}'),
  'a model of another form': post('{"model":"a b","inputs":{"x":[1]}}'),
  'a model that is a number': post('{"model":1,"inputs":{"x":[1]}}'),
  'lists 20 deep': half(`${'['.repeat(20)}1${']'.repeat(20)}`),
  'lists 70 deep': half(`${'['.repeat(70)}1${']'.repeat(70)}`),
  'no body': { body: '' },
  'a body of one value': post('1'),
  'a body of null': post('null'),
  'a body of a list': post('[]'),
  'a cut body': post(X.slice(0, -1)),
  'bytes after the body': post(`${X}x`),
  'a body over the limit': half(`[${'1,'.repeat(30_000)}1]`),
}

const HTTP: Record<string, WireRequest> = {
  'GET of a mutation': { method: 'GET', path: `predict?input=${encodeURIComponent(X)}` },
  'GET of a query': { method: 'GET', path: 'describe?input=%7B%22model%22%3A%22half%22%7D' },
  'GET of a list': { method: 'GET', path: 'models' },
  HEAD: { method: 'HEAD' },
  OPTIONS: { method: 'OPTIONS' },
  PUT: { method: 'PUT', body: X },
  'POST of a query': { path: 'describe', body: '{"model":"half"}' },
  'an unknown procedure': { path: 'nothing', body: X },
  'a path inside of predict': { path: 'predict.more', body: X },
  'a path in percent signs': { path: 'predic%74', body: X },
  'a path of no sense': { path: '%E0%A4%A', body: X },
  'an unknown query': { path: 'predict?x=1', body: X },
  'an empty query': { path: 'predict?', body: X },
  'a batch of 0': { path: 'predict?batch=0', body: X },
  'a batch twice': { path: 'predict?batch=1&batch=1', body: `{"0":${X}}` },
  'a content type with a charset': {
    headers: { 'content-type': 'Application/JSON; charset=utf-8' },
    body: X,
  },
  'a content type of a form': { headers: { 'content-type': 'text/plain' }, body: X },
  'a content type of bytes': { headers: { 'content-type': 'application/octet-stream' }, body: X },
  'a content type of parts': { headers: { 'content-type': 'multipart/form-data; boundary=x' }, body: X },
  'a content type that looks like it': { headers: { 'content-type': 'application/jsonx' }, body: X },
  'two content types': { headers: { 'content-type': 'application/json, text/plain' }, body: X },
  'no content type': { headers: { 'content-type': '' }, body: X },
  'lines without a batch': { headers: LINES, body: X },
  'an accept header for lines': { ...batch([X]), headers: { accept: 'text/html, application/jsonl' } },
  'an accept header for anything': { headers: { accept: '*/*' }, body: X },
  'a host with a user': { headers: { host: 'user@127.0.0.1' }, body: X },
  'a host of no sense': { headers: { host: '256.256.256.256' }, body: X },
  'a host with a large port': { headers: { host: 'h:99999' }, body: X },
  'a connection that ends': { headers: { connection: 'close' }, body: X },
  'a budget that is none': { headers: { 'understudy-timeout-ms': 'soon' }, body: X },
  'a budget and a trace': {
    headers: { 'understudy-timeout-ms': '7', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` },
    body: X,
  },
  'a pinned version': { headers: { 'understudy-version': '1' }, body: X },
  'a pinned label': { headers: { 'understudy-label': 'live' }, body: X },
  'a pinned version that is not that of the input': {
    headers: { 'understudy-version': '1' },
    body: '{"model":"half","version":2,"inputs":{"x":[1]}}',
  },
  'two pins': { headers: { 'understudy-version': '1', 'understudy-label': 'live' }, body: X },
  'a body in gzip that is none': { headers: { 'content-encoding': 'gzip' }, body: X },
  'a body in an unknown encoding': { headers: { 'content-encoding': 'br' }, body: X },
  'a request id with quotes': { headers: { 'understudy-request-id': 'a"b\\c' }, body: X },
}

const BATCHES: Record<string, WireRequest> = {
  'of one': batch([X]),
  'of three': batch([X, X, X]),
  'of two models': batch([X, ROWS]),
  'of two versions': batch([X, '{"model":"half","version":1,"inputs":{"x":[1]}}']),
  'of good and bad': batch([X, '{"model":"nobody","inputs":{"x":[1]}}', '{"model":"half","inputs":{}}']),
  'of bad ones': batch(['{"model":"nobody","inputs":{"x":[1]}}', '{"model":"none","inputs":{"x":[1]}}']),
  'with input that no schema takes': batch([X, '{"model":1}', 'null']),
  'of mutations and queries': batch([X, '{"model":"half"}'], ['predict', 'describe']),
  'with an unknown procedure': batch([X, X], ['predict', 'nothing']),
  'with too few inputs': { path: 'predict,predict?batch=1', body: `{"0":${X}}` },
  'with too many inputs': { path: 'predict?batch=1', body: `{"0":${X},"1":${X}}` },
  'in another order': { path: 'predict,predict?batch=1', body: `{"1":${X},"0":${ROWS}}` },
  'with an input twice': { path: 'predict?batch=1', body: `{"0":${X},"0":${ROWS}}` },
  'that is a list': { path: 'predict?batch=1', body: `[${X}]` },
  'that is cut': { path: 'predict,predict?batch=1', body: `{"0":${X},"1":` },
  'with an empty path': { path: 'predict,?batch=1', body: `{"0":${X}}` },
  'of a hundred': batch(new Array(100).fill(X)),
  'of more than a hundred': batch(new Array(101).fill(X)),
}

describe('the short way answers as the stock adapter does', () => {
  it.each(Object.entries(USUAL))('to a call with %s', async (_, request) => {
    await expectSame(request)
  })

  it.each(Object.entries(HTTP))('to %s', async (_, request) => {
    await expectSame(request)
  })

  it.each(Object.entries(BATCHES))('to a batch %s', async (_, request) => {
    await expectSame(request)
    await expectSame({ ...request, headers: LINES })
  })

  it.each([
    new PlatformError('request.malformed', 'odd'),
    new PlatformError('request.unauthenticated', 'who'),
    new PlatformError('serving.model_not_found', 'none'),
    new PlatformError('serving.queue_full', 'full'),
    new PlatformError('serving.deadline_exceeded', 'late'),
    new PlatformError('serving.version_not_available', 'loading'),
    new PlatformError('serving.executor_lost', 'lost'),
    new PlatformError('serving.cancelled', 'gone'),
    new PlatformError('request.unsupported', 'never'),
    new PlatformError('request.too_large', 'large'),
    new PlatformError('onnx.run_failed', 'secret'),
    new TypeError('secret'),
  ])('when the data plane fails with %s', async (failure) => {
    fast.predictor.failure = failure
    stock.predictor.failure = failure
    try {
      await expectSame(post(X))
      await expectSame(batch([X, ROWS]))
      await expectSame({ ...batch([X]), headers: LINES })
    } finally {
      fast.predictor.failure = undefined
      stock.predictor.failure = undefined
    }
  })

  it('when the plan is old', async () => {
    fast.predictor.ageMs = 12_345.6
    stock.predictor.ageMs = 12_345.6
    const answer = await expectSame(post(X))
    expect(answer?.headers).toContain('understudy-plan-age: 12346')
    fast.predictor.ageMs = undefined
    stock.predictor.ageMs = undefined
  })

  it('with outputs of every kind and of names that objects put elsewhere', async () => {
    const outputs = new Map<string, Tensor>([
      ['b', { dtype: 'float64', shape: [4], data: Float64Array.of(-0, 1e21, 1e-7, Number.NaN) }],
      ['i', { dtype: 'int32', shape: [], data: Int32Array.of(-5) }],
    ])
    const odd = new Map<string, Tensor>([
      ...outputs,
      ['long', { dtype: 'int64', shape: [2], data: BigInt64Array.of(2n ** 60n, -3n) }],
      ['text ä"', { dtype: 'string', shape: [2], data: ['ä"\ud800', ''] }],
      ['truth', { dtype: 'bool', shape: [2], data: Uint8Array.of(0, 1) }],
      ['short', { dtype: 'float16', shape: [1], data: Uint16Array.of(0x3c00) }],
      ['7', { dtype: 'float32', shape: [1], data: Float32Array.of(Number.POSITIVE_INFINITY) }],
      ['__proto__', { dtype: 'uint8', shape: [0], data: new Uint8Array(0) }],
    ])
    const signature: Signature = { inputs: [{ name: 'x', dtype: 'float32', shape: ['N'] }], outputs: [] }
    for (const { predictor } of [fast, stock]) {
      predictor.added.set('plain', { signature, outputs })
      predictor.added.set('odd', { signature, outputs: odd })
    }
    const plain = await expectSame(post('{"model":"plain","inputs":{"x":[1]}}'))
    expect(plain?.body).toContain('"data":[0,1e+21,1e-7,"NaN"]')
    await expectSame(post('{"model":"odd","inputs":{"x":[1]}}'))
  })
})

const number = fc.oneof(
  fc.integer().map(String),
  fc.double().map(String),
  fc.constantFrom('1e5', '-0', '1.50', '01', '1.', '123456789012345678', '1e400'),
)
const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    number,
    fc.string().map((text) => JSON.stringify(text)),
    fc.constantFrom('null', 'true', '{}', '[]', '"NaN"'),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
    fc.array(number, { maxLength: 6 }).map((items) => `[${items.join(', ')}]`),
    fc
      .tuple(fc.constantFrom('shape', 'data', 'x', '__proto__'), tie('value'))
      .map(([k, v]) => `{"${k}":${v}}`),
  ),
}))
const member = fc.oneof(
  fc.constantFrom('"model":"half"', '"model":"echo"', '"model":"nobody"', '"version":1', '"label":"live"'),
  value.map((text) => `"inputs":{"x":${text}}`),
  fc.array(number, { maxLength: 5 }).map((items) => `"inputs":{"x":[${items.join(',')}]}`),
  fc.array(value, { maxLength: 4 }).map((items) => `"instances":[${items.join(',')}]`),
  fc.tuple(value, value).map(([id, tag]) => `"instances":[{"id":${id},"tag":${tag}}]`),
  fc.tuple(fc.constantFrom('outputs', 'timeoutMs', 'more'), value).map(([key, text]) => `"${key}":${text}`),
)
const call = fc.oneof(
  number.map((text) => `{"model":"half","inputs":{"x":[${text}]}}`),
  fc.array(member, { maxLength: 4 }).map((members) => `{"model":"half",${members.join(',')}}`),
  fc.array(member, { maxLength: 5 }).map((members) => `{${members.join(' , ')}}`),
)
const cut = fc.tuple(call, fc.nat(), fc.string({ maxLength: 2 }))

describe('whatever is sent', () => {
  it('is answered as the stock adapter answers it', async () => {
    const requests = fc.oneof(
      { weight: 4, arbitrary: call.map(post) },
      { weight: 1, arbitrary: cut.map(([text, at, put]) => post(spliced(text, at, put))) },
      { weight: 2, arbitrary: fc.array(call, { minLength: 1, maxLength: 3 }).map((calls) => batch(calls)) },
    )
    const property = fc.asyncProperty(requests, fc.boolean(), async (request, wantsLines) => {
      await expectSame(wantsLines ? { ...request, headers: LINES } : request)
    })
    await fc.assert(property, { numRuns: 400 })
  })
})

function spliced(text: string, at: number, put: string): string {
  const where = at % text.length
  return text.slice(0, where) + put + text.slice(where + 1)
}
