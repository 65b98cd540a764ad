import { gzipSync } from 'node:zlib'
import { PlatformError } from '@understudy/core'
import type { RequestEnded } from '@understudy/serving'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type RestFixture, startRest } from './rest-fixture.ts'

const faults: PlatformError[] = []
const observed: RequestEnded[] = []
const observer = {
  requestEnded: (event: RequestEnded) => void observed.push(event),
  onFault: (error: PlatformError) => void faults.push(error),
}

let rest: RestFixture
beforeEach(async () => {
  faults.length = 0
  observed.length = 0
  rest = await startRest({ observer })
})
afterEach(() => rest[Symbol.asyncDispose]())

const predict = (
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
  path = 'half',
) => fetch(`${rest.url}/v1/models/${path}:predict`, { method: 'POST', body, headers })

const get = async (path: string) => {
  const response = await fetch(rest.url + path)
  return { status: response.status, body: await response.text() }
}

describe('POST :predict', () => {
  it('answers rows and columns in the form they were asked', async () => {
    const rows = await predict('{"instances": [1.0, 2.0, 5.0]}')
    expect(rows.status).toBe(200)
    expect(rows.headers.get('content-type')).toBe('application/json')
    expect(await rows.text()).toBe('{"predictions":[2.5,3.0,4.5]}')
    expect(await (await predict('{"inputs": [1.0]}')).text()).toBe('{"outputs":[2.5]}')
    const wide = await predict('{"instances":[{"id":9007199254740993,"tag":"a"}]}', {}, 'echo')
    expect(await wide.text()).toBe('{"predictions":[{"id":9007199254740993,"tag":"a","score":NaN}]}')
  })

  it('says who answered and under which request id', async () => {
    const response = await predict('{"instances": [1]}', { 'understudy-request-id': 'order-17' })
    expect(
      Object.fromEntries([...response.headers].filter(([name]) => name.startsWith('understudy-'))),
    ).toEqual({
      'understudy-model': 'half',
      'understudy-version': '2',
      'understudy-digest': 'd2',
      'understudy-commit': 'c2',
      'understudy-variant': 'live',
      'understudy-generation': '7',
      'understudy-request-id': 'order-17',
    })
    const own = await predict('{"instances": [1]}', { 'understudy-request-id': 'x'.repeat(129) })
    expect(own.headers.get('understudy-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    const pinned = await predict('{"instances": [1]}', {}, 'half/versions/1')
    expect(pinned.headers.get('understudy-variant')).toBe('pinned')
  })

  it('says how old the plan is only while it is not current', async () => {
    rest.predictor.ageMs = 61_234.5
    expect((await predict('{"instances": [1]}')).headers.get('understudy-plan-age')).toBe('61235')
  })

  it('hands budget, least generation and trace context on', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    await predict('{"instances": [1]}', {
      'understudy-timeout-ms': '250',
      'understudy-min-generation': '6',
      traceparent,
    })
    expect(rest.predictor.requests[0]).toMatchObject({ timeoutMs: 250, minGeneration: 6, traceparent })
  })

  it('is pinned to a version or label by header, where the path names none', async () => {
    const body = '{"instances": [1]}'
    const pinned = await predict(body, { 'understudy-version': '1' })
    expect(pinned.headers.get('understudy-version')).toBe('1')
    expect(pinned.headers.get('understudy-variant')).toBe('pinned')
    expect((await predict(body, { 'understudy-label': 'live' })).headers.get('understudy-version')).toBe('2')
    expect((await predict(body, { 'understudy-version': '1' }, 'half/versions/1')).status).toBe(200)
    const metadata = await fetch(`${rest.url}/v1/models/half/metadata`, {
      headers: { 'understudy-version': '1' },
    })
    expect(await metadata.json()).toMatchObject({ model_spec: { version: '1' } })
  })

  it.each([
    [{ 'understudy-version': '99' }, 'half', 404, 'Servable not found for request: Specific(half, 99)'],
    [{ 'understudy-label': 'gold' }, 'half', 400, 'Unrecognized servable version label: gold'],
    [{ 'understudy-version': 'x' }, 'half', 400, 'Header understudy-version is not the number of a version.'],
    [
      { 'understudy-version': '1', 'understudy-label': 'live' },
      'half',
      400,
      'Send either understudy-version or understudy-label, not both.',
    ],
    [
      { 'understudy-version': '1' },
      'half/versions/2',
      400,
      'The path or message names another version than the header that pins one. Send one of them.',
    ],
  ])('answers a pin by %j beside %s with %i', async (headers, path, status, error) => {
    const response = await predict('{"instances": [1]}', headers, path)
    expect([response.status, await response.json()]).toEqual([status, { error }])
  })

  it.each([
    [{ 'understudy-timeout-ms': '0' }, 'understudy-timeout-ms'],
    [{ 'understudy-timeout-ms': 'soon' }, 'understudy-timeout-ms'],
    [{ 'understudy-min-generation': '1.5' }, 'understudy-min-generation'],
  ])('refuses the header %j', async (headers, name) => {
    const response = await predict('{"instances": [1]}', headers)
    expect(response.status).toBe(400)
    expect(await response.text()).toContain(name)
  })

  it('reads gzip bodies and ignores the content type', async () => {
    const body = gzipSync('{"instances": [1.0]}')
    const response = await predict(body, { 'content-encoding': 'gzip', 'content-type': 'text/plain' })
    expect(await response.text()).toBe('{"predictions":[2.5]}')
    expect((await predict('no gzip', { 'content-encoding': 'gzip' })).status).toBe(400)
    expect((await predict('x', { 'content-encoding': 'br' })).status).toBe(501)
  })

  it.each([
    ['/v1/models/nobody:predict', 404, 'Servable not found for request: Latest(nobody)'],
    ['/v1/models/half/versions/99:predict', 404, 'Servable not found for request: Specific(half, 99)'],
    ['/v1/models/half/labels/gold:predict', 400, 'Unrecognized servable version label: gold'],
    ['/v1/models/half/versions/3:predict', 503, 'half@3 is loading.'],
    ['/v1/foo', 400, 'Malformed request: POST /v1/foo'],
  ])('answers POST %s with %i', async (path, status, error) => {
    const response = await fetch(rest.url + path, { method: 'POST', body: '{"instances": [1]}' })
    expect([response.status, await response.json()]).toEqual([status, { error }])
  })

  it('names the answering version on errors too', async () => {
    rest.predictor.failure = new PlatformError('serving.queue_full', 'Queue of half@2 is full.')
    const response = await predict('{"instances": [1]}')
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('1')
    expect(response.headers.get('understudy-version')).toBe('2')
    const malformed = await predict('{"instances": ["abc"]}')
    expect(malformed.headers.get('understudy-version')).toBe('2')
    expect(await malformed.json()).toEqual({
      error:
        'Failed to process element: 0 of \'instances\' list. Error: INVALID_ARGUMENT: JSON Value: "abc" Type: String is not of expected type: float (input x: float32 [N])',
    })
  })

  it('tells a stranger nothing about faults, and the observer everything', async () => {
    rest.predictor.failure = new TypeError('secret of /data')
    const response = await predict('{"instances": [1]}')
    const body = await response.text()
    expect(response.status).toBe(500)
    expect(body).not.toContain('secret')
    expect(body).toContain(faults[0]?.id)
    expect(observed).toHaveLength(1)
    expect(observed[0]).toMatchObject({ error: { code: 'platform.unexpected' }, servedBy: { version: 2 } })
  })

  it('tells the observer of every prediction once, with its arrival and where its time went', async () => {
    await predict('{"instances": [1]}', { 'understudy-request-id': 'seen' })
    expect(observed).toMatchObject([
      { requestId: 'seen', protocol: 'tfs-rest', model: 'half', servedBy: { version: 2 }, error: undefined },
    ])
    const [{ startedAtMs, tookMs, times } = { startedAtMs: 0, tookMs: 0, times: undefined }] = observed
    expect(Math.abs(startedAtMs - Date.now())).toBeLessThan(60_000)
    expect(times?.decodeMs).toBeGreaterThan(0)
    expect(times?.encodeMs).toBeGreaterThan(0)
    expect(tookMs).toBeGreaterThanOrEqual((times?.decodeMs ?? 0) + (times?.encodeMs ?? 0))
  })

  it('tells the observer of predictions that failed before and after a version was selected', async () => {
    await predict('{"instances": [1]}', {}, 'nobody')
    await predict('{"instances": ["abc"]}')
    expect(observed).toMatchObject([
      { model: 'nobody', servedBy: undefined, error: { code: 'serving.model_not_found' } },
      { model: 'half', servedBy: { version: 2 }, error: { code: 'request.malformed' } },
    ])
  })
})

describe('GET routes', () => {
  it('writes status and metadata', async () => {
    const status = await get('/v1/models/half/versions/2')
    expect(JSON.parse(status.body)).toEqual({
      model_version_status: [
        { version: '2', state: 'AVAILABLE', status: { error_code: 'OK', error_message: '' } },
      ],
    })
    expect(JSON.parse((await get('/v1/models/half')).body).model_version_status).toHaveLength(3)
    expect(JSON.parse((await get('/v1/models/half/metadata')).body).model_spec).toEqual({
      name: 'half',
      signature_name: '',
      version: '2',
    })
  })

  it.each([
    ['/v1/models', 400, 'Missing model name in request.'],
    ['/v1/models/nobody', 404, 'Could not find any versions of model nobody'],
    ['/v1/models/half/versions/9', 404, 'Could not find version 9 of model half'],
    ['/v1/models/nobody/metadata', 404, 'Servable not found for request: Latest(nobody)'],
    ['/elsewhere?x=1', 404, 'There is nothing at GET /elsewhere'],
  ])('answers GET %s with %i', async (path, status, error) => {
    const answer = await get(path)
    expect([answer.status, JSON.parse(answer.body)]).toEqual([status, { error }])
  })

  it('tells the truth about health', async () => {
    expect(await get('/v2/health/live')).toEqual({ status: 200, body: '{"live":true}' })
    expect(await get('/v2/health/ready')).toEqual({ status: 200, body: '{"ready":true}' })
    await using unready = await startRest({ health: { live: () => true, ready: () => false } })
    const response = await fetch(`${unready.url}/v2/health/ready`)
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
  })
})

describe('browsers', () => {
  it.each([
    ['https://evil.example', undefined],
    ['null', undefined],
    ['http://evil.example:8501', 'evil.example:8501'],
  ])('keeps pages of %s out', async (origin, host) => {
    const headers = { origin, ...(host === undefined ? {} : { host }) }
    const response = await predict('{"instances": [1]}', headers)
    expect(response.status).toBe(403)
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
    expect(rest.predictor.requests).toHaveLength(0)
  })

  it('lets pages of this server in', async () => {
    expect((await predict('{"instances": [1]}', { origin: rest.url })).status).toBe(200)
  })
})
