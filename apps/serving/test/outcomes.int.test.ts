import { randomBytes } from 'node:crypto'
import { createTRPCClient, httpBatchLink, httpLink, TRPCClientError } from '@trpc/client'
import type { PredictRouter } from '@understudy/api/predict'
import {
  type ApiKeyParts,
  apiKeyHmac,
  apiKeyText,
  defaultModelConfig,
  deriveKeyCheckKey,
  newApiKey,
  type PlannedKey,
  systemClock,
} from '@understudy/core'
import { type Database, ensureRepository, openDatabase } from '@understudy/db'
import { OutcomeStore } from '@understudy/db/node'
import { Cable, waitFor } from '@understudy/testing'
import { createTestDatabase } from '@understudy/testing/database'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { KeyRing } from '../src/auth/key-ring.ts'
import { type RestFixture, startRest } from './rest-fixture.ts'

const CHECK_KEY = deriveKeyCheckKey('the secret of this test')
const reporter = newApiKey(randomBytes)
const predictsOnly = newApiKey(randomBytes)
const both = newApiKey(randomBytes)
const onlyEcho = newApiKey(randomBytes)

function planned({ id, secret }: ApiKeyParts, changes: Partial<PlannedKey>): PlannedKey {
  const hmac = apiKeyHmac(CHECK_KEY, secret)
  return { id, hmac, models: null, verbs: ['report'], expiresAtMs: null, ...changes }
}

let database: Database
let databaseUrl: string
let store: OutcomeStore
/** Everybody may report. */
let open: RestFixture
/** Keys are needed. */
let keyed: RestFixture

beforeAll(async () => {
  databaseUrl = (await createTestDatabase()).connectionString
  database = openDatabase({ databaseUrl, applicationName: 'test' })
  const { id: repositoryId } = await ensureRepository(database.prisma, 'file:///srv/models.git', 'main')
  const config = JSON.parse(JSON.stringify(defaultModelConfig()))
  // Not loaded here: outcomes are of models on record, whatever a node serves just now.
  await database.prisma.model.createMany({
    data: ['half', 'echo', 'retired'].map((name) => ({ name, repositoryId, config })),
  })
  store = new OutcomeStore({ databaseUrl, name: 'test' })
  const access = new KeyRing({
    ...{ keyCheckKey: CHECK_KEY, clock: systemClock, planAgeMs: () => undefined, maxStalenessMs: 1 },
  })
  access.replace([
    planned(reporter, {}),
    planned(predictsOnly, { verbs: ['predict'] }),
    planned(both, { verbs: ['predict', 'report'] }),
    planned(onlyEcho, { models: ['echo'] }),
  ])
  open = await startRest({ outcomes: store, requestIds: () => 'the-same' })
  keyed = await startRest({ outcomes: store, access, requestIds: () => 'the-same' })
})
afterAll(async () => {
  await open[Symbol.asyncDispose]()
  await keyed[Symbol.asyncDispose]()
  await store.close()
  await database.close()
})
beforeEach(async () => {
  await database.prisma.outcome.deleteMany()
  await database.prisma.outcomeContradiction.deleteMany()
})

interface Sent {
  readonly to?: RestFixture
  readonly key?: ApiKeyParts
  readonly headers?: Record<string, string>
}

async function send(body: unknown, { to = open, key, headers = {} }: Sent = {}) {
  const answer = await fetch(`${to.url}/v1/outcomes`, {
    method: 'POST',
    body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
    headers: {
      'content-type': 'application/json',
      ...(key && { authorization: `Bearer ${apiKeyText(key)}` }),
      ...headers,
    },
  })
  const { date: _date, ...known } = Object.fromEntries(answer.headers)
  return { status: answer.status, headers: known, body: await answer.json() }
}

const OUTCOME = { model: 'half', requestId: 'r-1', label: 'yes' }
const stored = () =>
  database.prisma.outcome.findMany({ orderBy: [{ model: 'asc' }, { requestId: 'asc' }, { row: 'asc' }] })

describe('POST /v1/outcomes', () => {
  it('is answered when the outcome is on disk, and says what became of it', async () => {
    expect(await send(OUTCOME)).toMatchObject({ status: 200, body: { status: 'recorded' } })
    expect(await stored()).toMatchObject([
      { model: 'half', requestId: 'r-1', row: 0, label: 'yes', value: null, reportedBy: 'anonymous' },
    ])
    expect((await send(OUTCOME)).body).toEqual({ status: 'duplicate' })
    expect(await send({ ...OUTCOME, label: 'no' })).toMatchObject({
      status: 200,
      body: { status: 'contradiction' },
    })
  })

  it('takes many at once, and answers each in its place', async () => {
    const outcomes = [
      { ...OUTCOME, row: 1, label: 3 },
      { ...OUTCOME, row: 2, label: true },
      { model: 'echo', requestId: 'r-2', value: -2.5 },
      { ...OUTCOME, row: 1, label: '3' },
      { ...OUTCOME, row: 2, label: false },
    ]
    const { status, body } = await send({ outcomes })
    expect([status, body]).toEqual([
      200,
      {
        results: ['recorded', 'recorded', 'recorded', 'duplicate', 'contradiction'].map((one) => ({
          status: one,
        })),
      },
    ])
    expect((await stored()).map(({ row, label, value }) => [row, label, value])).toEqual([
      [0, null, -2.5],
      [1, '3', null],
      [2, 'true', null],
    ])
  })

  it('takes a thousand outcomes, and not one more', async () => {
    const outcomes = Array.from({ length: 1_000 }, (_, i) => ({ ...OUTCOME, requestId: `${i}` }))
    expect((await send({ outcomes })).body).toEqual({
      results: new Array(1_000).fill({ status: 'recorded' }),
    })
    const more = await send({ outcomes: [...outcomes, OUTCOME] })
    expect(more).toMatchObject({
      status: 400,
      body: { error: 'body.outcomes: expected at most 1000 outcomes.' },
    })
  })

  it('takes outcomes of a model that is not served any more', async () => {
    expect((await send({ ...OUTCOME, model: 'retired' })).body).toEqual({ status: 'recorded' })
  })

  it.each<[string, unknown, RegExp]>([
    ['no JSON', '{', /^The body is not JSON/],
    ['no UTF-8', new Uint8Array([0x22, 0xff, 0x22]), /^The body is not JSON/],
    ['nesting', '['.repeat(100_000), /nested too deep/],
    ['no object', [OUTCOME], /^body: /],
    ['nothing', {}, /^body\.model: /],
    ['no outcomes', { outcomes: [] }, /^body\.outcomes: expected at least one/],
    ['a member more', { ...OUTCOME, requestid: 'r' }, /^body: .*requestid/],
    ['neither label nor value', { model: 'half', requestId: 'r' }, /^body: give either label or value/],
    ['both', { ...OUTCOME, value: 1 }, /^body: give either label or value/],
    ['an empty label', { ...OUTCOME, label: '' }, /^body\.label: expected a label of 1 to 200/],
    ['a long label', { ...OUTCOME, label: 'x'.repeat(201) }, /^body\.label: /],
    ['a label that no database holds', { ...OUTCOME, label: 'a\0b' }, /^body\.label: /],
    ['half a character', '{"model":"half","requestId":"r","label":"\\ud800"}', /^body\.label: /],
    ['a fraction as label', { ...OUTCOME, label: 1.5 }, /^body\.label: /],
    ['a number beyond all', '{"model":"half","requestId":"r","value":1e999}', /^body\.value: /],
    [
      'a text as value',
      { model: 'half', requestId: 'r', value: '1' },
      /^body\.value: expected a finite number/,
    ],
    ['a row below zero', { ...OUTCOME, row: -1 }, /^body\.row: /],
    ['a row beyond all', { ...OUTCOME, row: 2 ** 31 }, /^body\.row: /],
    ['a long request id', { ...OUTCOME, requestId: 'x'.repeat(201) }, /^body\.requestId: /],
    ['no model name', { ...OUTCOME, model: '../etc' }, /^body\.model: expected a model name/],
    [
      'one that is wrong among many',
      { outcomes: [OUTCOME, { ...OUTCOME, row: 0.5 }] },
      /^body\.outcomes\[1\]\.row: /,
    ],
  ])('refuses %s, says where, and records nothing', async (_what, body, message) => {
    const { status, body: answered } = await send(body)
    expect([status, answered]).toEqual([400, { error: expect.stringMatching(message) }])
    expect(await stored()).toEqual([])
  })

  it('refuses a body that is too large before it is read to its end', async () => {
    const { status, body } = await send(
      JSON.stringify({ outcomes: [{ ...OUTCOME, label: 'x'.repeat(300_000) }] }),
    )
    expect([status, body]).toEqual([413, { error: 'The body is larger than 262144 bytes.' }])
  })

  it('refuses all when one is of no known model', async () => {
    const { status, body } = await send({ outcomes: [OUTCOME, { ...OUTCOME, model: 'missing' }] })
    expect([status, body]).toEqual([404, { error: expect.stringContaining('missing') }])
    expect(await stored()).toEqual([])
  })

  it('is there for POST alone', async () => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const { status } = await fetch(`${open.url}/v1/outcomes`, { method })
      expect([method, status >= 400 && status < 500]).toEqual([method, true])
    }
  })

  it('answers whatever comes with what the body deserves, and goes on', async () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('half', 'a\0b', '\ud800'),
    )
    const truth = fc.oneof(text, fc.double(), fc.boolean(), fc.integer(), fc.jsonValue())
    const outcome = fc.record(
      {
        model: fc.oneof(fc.constant('half'), text),
        requestId: text,
        row: fc.oneof(fc.integer(), fc.double()),
        label: truth,
        value: truth,
      },
      { requiredKeys: [] },
    )
    const body = fc.oneof(
      outcome,
      fc.record({ outcomes: fc.array(outcome, { maxLength: 4 }) }),
      fc.jsonValue(),
      fc.string(),
      fc.uint8Array({ maxLength: 60 }),
    )
    await fc.assert(
      fc.asyncProperty(body, async (sent) => {
        const before = (await stored()).length
        const { status, body: answered } = await send(sent)
        expect([200, 400, 404]).toContain(status)
        if (status !== 200) {
          expect(answered).toEqual({ error: expect.any(String) })
          expect((await stored()).length).toBe(before)
        }
      }),
      { numRuns: 150 },
    )
    expect((await send({ ...OUTCOME, requestId: 'after' })).body).toEqual({ status: 'recorded' })
  })
})

describe('where keys are needed', () => {
  it.each([
    ['none', undefined, 401],
    ['one that only predicts', predictsOnly, 403],
    ['one that reports', reporter, 200],
    ['one that does both', both, 200],
  ] as const)('a report with %s is %3$d', async (_what, key, status) => {
    const answer = await send(OUTCOME, { to: keyed, ...(key && { key }) })
    expect(answer.status).toBe(status)
    expect(answer.headers['www-authenticate']).toBe(status === 401 ? 'Bearer' : undefined)
    expect((await stored()).map((row) => row.reportedBy)).toEqual(status === 200 ? [key?.id] : [])
  })

  it('asks for the key before it looks at the body', async () => {
    expect((await send('{', { to: keyed })).status).toBe(401)
    expect((await send('{', { to: keyed, key: predictsOnly })).status).toBe(403)
  })

  it('a model that is not for the key looks exactly like one that is not there', async () => {
    const of = (model: string) => send({ ...OUTCOME, model }, { to: keyed, key: onlyEcho })
    const [forbidden, missing, allowed] = [await of('half'), await of('gone'), await of('echo')]
    expect(JSON.parse(JSON.stringify(forbidden).replaceAll('half', 'gone'))).toEqual(missing)
    expect([forbidden.status, allowed.status]).toEqual([404, 200])
  })

  it('believes no key where none is needed', async () => {
    await send(OUTCOME, { headers: { authorization: `Bearer ${apiKeyText(newApiKey(randomBytes))}` } })
    expect(await stored()).toMatchObject([{ reportedBy: 'anonymous' }])
  })

  it('a key that only reports does nothing else', async () => {
    const headers = { authorization: `Bearer ${apiKeyText(reporter)}` }
    for (const path of ['/v1/models/half', '/v2/models/half', '/trpc/models']) {
      expect([path, (await fetch(keyed.url + path, { headers })).status]).toEqual([path, 403])
    }
  })
})

describe('a record that is away', () => {
  it('is said with 503 and a time to try again, while predictions go on; reports count again when it is back', async () => {
    const url = new URL(databaseUrl)
    const cable = new Cable({ host: url.hostname, port: Number(url.port) })
    url.port = String(await cable.open())
    const far = new OutcomeStore({ databaseUrl: url.href, name: 'far', timeoutMs: 2_000 })
    const node = await startRest({ outcomes: far })
    try {
      expect((await send(OUTCOME, { to: node })).status).toBe(200)
      cable.cut()
      const refused = await send({ ...OUTCOME, requestId: 'r-2' }, { to: node })
      expect([refused.status, refused.headers['retry-after']]).toEqual([503, '2'])
      expect(refused.body).toEqual({ error: expect.stringMatching(/^The record does not answer/) })
      const predicted = await fetch(`${node.url}/v1/models/half:predict`, {
        method: 'POST',
        body: '{"instances":[1]}',
      })
      expect(predicted.status).toBe(200)
      cable.isCut = false
      await waitFor('the record to answer', async () => {
        return (await send({ ...OUTCOME, requestId: 'r-2' }, { to: node })).status === 200
      })
      expect((await stored()).map((row) => row.requestId)).toEqual(['r-1', 'r-2'])
    } finally {
      await node[Symbol.asyncDispose]()
      await far.close()
      cable.close()
    }
  })

  it('is not waited for by those who find the node full', async () => {
    const small = new OutcomeStore({ databaseUrl, name: 'full', maxWaiting: 1 })
    const full = await startRest({ outcomes: small })
    const refused = await send({ outcomes: [OUTCOME, { ...OUTCOME, row: 1 }] }, { to: full })
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '1'])
    await full[Symbol.asyncDispose]()
    await small.close()
  })

  it('is missing for good on a node without a control plane, which says so', async () => {
    const alone = await startRest()
    const { status, body } = await send(OUTCOME, { to: alone })
    expect([status, body]).toEqual([501, { error: expect.stringContaining('without a control plane') }])
    await alone[Symbol.asyncDispose]()
  })
})

describe('outcomes.report', () => {
  const clientOf = (fixture: RestFixture, key?: ApiKeyParts, isBatch = false) => {
    const options = {
      url: `${fixture.url}/trpc`,
      ...(key && { headers: { authorization: `Bearer ${apiKeyText(key)}` } }),
    }
    return createTRPCClient<PredictRouter>({ links: [isBatch ? httpBatchLink(options) : httpLink(options)] })
  }
  const codeOf = (call: Promise<unknown>) =>
    call.then(
      () => 'no error',
      (error: unknown) =>
        error instanceof TRPCClientError ? (error.data?.understudyCode ?? error.data?.code) : error,
    )

  it('records an outcome, and says what became of it', async () => {
    const client = clientOf(open)
    expect(await client.outcomes.report.mutate({ ...OUTCOME, row: 1 })).toEqual({ status: 'recorded' })
    const value = { model: 'echo', requestId: 'r-2', value: 0.5 }
    expect(await client.outcomes.report.mutate(value)).toEqual({ status: 'recorded' })
    expect(await client.outcomes.report.mutate({ ...value, value: 0.75 })).toEqual({
      status: 'contradiction',
    })
    expect(await stored()).toMatchObject([{ value: 0.5 }, { row: 1, label: 'yes' }])
  })

  it('takes a whole batch, written together', async () => {
    const client = clientOf(open, undefined, true)
    const calls = Array.from({ length: 100 }, (_, row) => client.outcomes.report.mutate({ ...OUTCOME, row }))
    expect(new Set((await Promise.all(calls)).map(({ status }) => status))).toEqual(new Set(['recorded']))
    expect(await stored()).toHaveLength(100)
  })

  it('needs a key that may report, and no more than that', async () => {
    expect(await codeOf(clientOf(keyed).outcomes.report.mutate(OUTCOME))).toBe('request.unauthenticated')
    expect(await codeOf(clientOf(keyed, predictsOnly).outcomes.report.mutate(OUTCOME))).toBe(
      'request.permission_denied',
    )
    expect(await clientOf(keyed, reporter).outcomes.report.mutate(OUTCOME)).toEqual({ status: 'recorded' })
    expect(await stored()).toMatchObject([{ reportedBy: reporter.id }])
    expect(await codeOf(clientOf(keyed, reporter).models.query())).toBe('request.permission_denied')
  })

  it('in a batch with predictions asks for itself', async () => {
    const mixed = (key: ApiKeyParts) => {
      const client = clientOf(keyed, key, true)
      return Promise.all([
        codeOf(client.predict.mutate({ model: 'half', inputs: { x: [1] } })),
        codeOf(client.outcomes.report.mutate(OUTCOME)),
      ])
    }
    expect(await mixed(predictsOnly)).toEqual(['no error', 'request.permission_denied'])
    expect(await mixed(reporter)).toEqual(['request.permission_denied', 'request.permission_denied'])
    expect(await stored()).toEqual([])
    expect(await mixed(both)).toEqual(['no error', 'no error'])
  })

  it('refuses what is wrong, and models that are not there or not for the key alike', async () => {
    const wrong = { ...OUTCOME, value: 1 }
    expect(await codeOf(clientOf(open).outcomes.report.mutate(wrong))).toBe('BAD_REQUEST')
    const restricted = clientOf(keyed, onlyEcho)
    for (const model of ['half', 'gone']) {
      expect(await codeOf(restricted.outcomes.report.mutate({ ...OUTCOME, model }))).toBe(
        'serving.model_not_found',
      )
    }
  })

  it('says when the record is away, as 503', async () => {
    const nowhere = new OutcomeStore({ databaseUrl: 'postgresql://u:p@127.0.0.1:1/none', name: 'cut' })
    const node = await startRest({ outcomes: nowhere })
    const failed = await clientOf(node)
      .outcomes.report.mutate(OUTCOME)
      .catch((error: unknown) => error)
    expect(failed).toMatchObject({ data: { httpStatus: 503, understudyCode: 'outcomes.unavailable' } })
    await node[Symbol.asyncDispose]()
    await nowhere.close()
  })
})
