import { randomBytes } from 'node:crypto'
import { createTRPCClient, httpBatchLink } from '@trpc/client'
import type { PredictRouter } from '@understudy/api/predict'
import {
  type ApiKeyParts,
  apiKeyHmac,
  apiKeyText,
  deriveKeyCheckKey,
  newApiKey,
  type PlannedKey,
  systemClock,
} from '@understudy/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KeyRing } from '../src/auth/key-ring.ts'
import { FakePredictor } from './fake-predictor.ts'
import { type RestFixture, startRest } from './rest-fixture.ts'

const CHECK_KEY = deriveKeyCheckKey('the secret of this test')
const all = newApiKey(randomBytes)
const onlyEcho = newApiKey(randomBytes)
const nothing = newApiKey(randomBytes)

function planned({ id, secret }: ApiKeyParts, changes: Partial<PlannedKey> = {}): PlannedKey {
  const hmac = apiKeyHmac(CHECK_KEY, secret)
  return { id, hmac, models: null, verbs: ['predict'], expiresAtMs: null, ...changes }
}

let fixture: RestFixture

beforeAll(async () => {
  const access = new KeyRing({
    ...{ keyCheckKey: CHECK_KEY, clock: systemClock, planAgeMs: () => undefined, maxStalenessMs: 1 },
  })
  access.replace([planned(all), planned(onlyEcho, { models: ['echo'] }), planned(nothing, { verbs: [] })])
  fixture = await startRest({ access, requestIds: () => 'the-same' })
})
afterAll(() => fixture[Symbol.asyncDispose]())

interface Asked {
  readonly method?: string
  readonly path: string
  readonly body?: string
}

async function ask(
  { method = 'GET', path, body }: Asked,
  key?: ApiKeyParts,
  more: Record<string, string> = {},
) {
  const json = body !== undefined && { 'content-type': 'application/json' }
  const headers = { ...json, ...(key && { authorization: `Bearer ${apiKeyText(key)}` }), ...more }
  const answer = await fetch(fixture.url + path, { method, headers, ...(body !== undefined && { body }) })
  const { date: _date, ...known } = Object.fromEntries(answer.headers)
  return { status: answer.status, headers: known, body: await answer.text() }
}

const post = (path: string, body: unknown): Asked => ({ method: 'POST', path, body: JSON.stringify(body) })
const INSTANCES = { instances: [1] }
const TENSOR = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1], data: [1] }] }

/** Every way to a model, by the name that it puts in. */
const TO_A_MODEL: readonly [string, (model: string) => Asked][] = [
  ['predict', (model) => post(`/v1/models/${model}:predict`, INSTANCES)],
  ['predict of a version', (model) => post(`/v1/models/${model}/versions/2:predict`, INSTANCES)],
  ['predict of a version that loads', (model) => post(`/v1/models/${model}/versions/3:predict`, INSTANCES)],
  ['predict of a label', (model) => post(`/v1/models/${model}/labels/none:predict`, INSTANCES)],
  ['predict with a broken body', (model) => ({ ...post(`/v1/models/${model}:predict`, ''), body: '{' })],
  ['classify', (model) => post(`/v1/models/${model}:classify`, { examples: [{ x: 1 }] })],
  ['regress', (model) => post(`/v1/models/${model}:regress`, { examples: [{ x: 1 }] })],
  ['status', (model) => ({ path: `/v1/models/${model}` })],
  ['status of a version', (model) => ({ path: `/v1/models/${model}/versions/2` })],
  ['metadata', (model) => ({ path: `/v1/models/${model}/metadata` })],
  ['infer', (model) => post(`/v2/models/${model}/infer`, TENSOR)],
  ['infer of a version', (model) => post(`/v2/models/${model}/versions/3/infer`, TENSOR)],
  ['model metadata', (model) => ({ path: `/v2/models/${model}` })],
  ['model readiness', (model) => ({ path: `/v2/models/${model}/ready` })],
  ['model configuration', (model) => ({ path: `/v2/models/${model}/config` })],
  ['model statistics', (model) => ({ path: `/v2/models/${model}/stats` })],
  ['tRPC predict', (model) => post('/trpc/predict', { model, inputs: { x: [1] } })],
  [
    'tRPC describe',
    (model) => ({ path: `/trpc/describe?input=${encodeURIComponent(JSON.stringify({ model }))}` }),
  ],
]

const OTHERS: readonly [string, Asked][] = [
  ['server metadata', { path: '/v2' }],
  ['repository index', post('/v2/repository/index', {})],
  ['statistics of all', { path: '/v2/models/stats' }],
  ['tRPC models', { path: '/trpc/models' }],
]

describe('where predictions need an API key', () => {
  it.each([
    ...TO_A_MODEL.map(([name, asked]) => [name, asked('half')] as const),
    ...TO_A_MODEL.map(([name, asked]) => [`${name} of no model`, asked('missing')] as const),
    ...OTHERS,
  ])('%s without one is 401 with a challenge, and nothing else', async (_name, asked) => {
    const before = fixture.predictor.requests.length
    const { status, headers, body } = await ask(asked)
    expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer'])
    expect(body).toContain('An API key is needed here.')
    expect(Object.keys(headers).filter((name) => /model|version|digest|commit/.test(name))).toEqual([])
    expect(fixture.predictor.requests.length).toBe(before)
  })

  it.each(TO_A_MODEL)(
    '%s of a model that the key is not for looks exactly like one that is not there',
    async (_name, asked) => {
      const forbidden = await ask(asked('half'), onlyEcho)
      const unknown = await ask(asked('miss'), onlyEcho)
      const asText = (value: unknown) =>
        JSON.stringify(value)
          .replaceAll(/half|miss/g, 'MODEL')
          .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID')
      expect(asText(forbidden)).toBe(asText(unknown))
      expect(asText(await ask(asked('miss'), all))).toBe(asText(unknown))
      expect(forbidden.status).not.toBe(200)
      // And it is there for somebody else.
      expect(asText(await ask(asked('half'), all))).not.toBe(asText(forbidden))
    },
  )

  it('a least generation does not tell a forbidden model from a missing one', async () => {
    const more = { 'understudy-min-generation': '9' }
    const [, predict] = TO_A_MODEL[0] ?? []
    if (predict === undefined) throw new Error('there is no way to a model')
    const forbidden = await ask(predict('half'), onlyEcho, more)
    const unknown = await ask(predict('miss'), onlyEcho, more)
    expect(forbidden.body.replaceAll('half', 'miss')).toBe(unknown.body)
  })

  it.each(OTHERS)('%s names no model that the key is not for', async (_name, asked) => {
    const { status, body } = await ask(asked, onlyEcho)
    expect([status, body]).toEqual([200, expect.not.stringContaining('half')])
    if (asked.path === '/trpc/models') expect(body).toContain('echo')
  })

  it.each([
    ['predict', post('/v1/models/half:predict', INSTANCES)],
    ['infer', post('/v2/models/half/infer', TENSOR)],
    ['tRPC predict', post('/trpc/predict', { model: 'half', inputs: { x: [1] } })],
  ])('%s with a key is answered', async (_name, asked) => {
    const { status, headers, body } = await ask(asked, all)
    expect([status, headers['www-authenticate'], headers['understudy-version']]).toEqual([
      200,
      undefined,
      '2',
    ])
    expect(body).toContain('2.5')
  })

  it('a key for something else is denied, without a challenge', async () => {
    const { status, headers, body } = await ask({ path: '/v1/models/half' }, nothing)
    expect([status, headers['www-authenticate']]).toEqual([403, undefined])
    expect(body).toContain('may not be used to predict')
  })

  it.each(['/v2/health/live', '/v2/health/ready'])('%s is for everybody', async (path) => {
    expect((await ask({ path })).status).toBe(200)
    expect((await ask({ path }, { ...all, id: '0'.repeat(16) })).status).toBe(200)
  })

  it('tRPC clients get a typed error, also for each call of a batch', async () => {
    const client = (headers: Record<string, string>) =>
      createTRPCClient<PredictRouter>({ links: [httpBatchLink({ url: `${fixture.url}/trpc`, headers })] })
    const stranger = client({})
    const refused = await Promise.allSettled([stranger.models.query(), stranger.models.query()])
    for (const one of refused) {
      expect(one).toMatchObject({
        status: 'rejected',
        reason: { data: { code: 'UNAUTHORIZED', httpStatus: 401 } },
      })
    }
    const friend = client({ authorization: `Bearer ${apiKeyText(onlyEcho)}` })
    expect(JSON.stringify(await friend.models.query())).not.toContain('half')
  })

  it('a connection whose request was refused goes on with one that is let in', async () => {
    const body = JSON.stringify({ instances: new Array(20_000).fill(1.5) })
    for (let turn = 0; turn < 3; turn++) {
      expect((await ask({ method: 'POST', path: '/v1/models/half:predict', body })).status).toBe(401)
      expect((await ask({ method: 'POST', path: '/v1/models/half:predict', body }, all)).status).toBe(200)
    }
  })
})

it('a server without keys lets everybody in', async () => {
  await using open = await startRest()
  expect(open.predictor).toBeInstanceOf(FakePredictor)
  expect((await fetch(`${open.url}/v1/models/half`)).status).toBe(200)
})
