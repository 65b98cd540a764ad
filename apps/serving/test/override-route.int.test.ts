import {
  deriveOverrideKey,
  OVERRIDE_PROOF_HEADER,
  OVERRIDES_PATH,
  PlatformError,
  type SignedOverride,
  signOverride,
} from '@understudy/core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { OverrideRoute } from '../src/override/override-route.ts'
import { type RestFixture, startRest } from './rest-fixture.ts'

const STATUS = { model: 'iris', generation: 7, live: 2, previous: null, override: null, planAgeMs: null }
const SIGNED = signOverride(deriveOverrideKey('x'), {
  ...{ id: '0b9f0f3e-6f0b-4c46-9d0e-0d6f6f4f1f10', model: 'iris', generation: 7, from: 3, to: 2 },
  ...{ reason: 'it flips', actor: 'local:ada', issuedAtMs: 0 },
})
const applied: SignedOverride[] = []
const proofs: (string | undefined)[] = []
let rest: RestFixture

beforeAll(async () => {
  rest = await startRest({
    overrides: new OverrideRoute({
      look: (_, proof) => {
        proofs.push(proof)
        return STATUS
      },
      apply: async (signed) => {
        if (signed.signature !== SIGNED.signature) {
          throw new PlatformError(
            'serving.override_invalid',
            'The override is not signed with the key of this node.',
          )
        }
        applied.push(signed)
        return STATUS
      },
    }),
    // Keys play no part here.
    access: {
      check: () => {
        throw new PlatformError('request.unauthenticated', 'no key')
      },
    },
  })
})
afterAll(() => rest[Symbol.asyncDispose]())

async function ask(path: string, init: RequestInit = {}) {
  const answer = await fetch(`${rest.url}${path}`, init)
  const text = await answer.text()
  return { status: answer.status, text }
}

const post = (body: string, headers: Readonly<Record<string, string>> = {}) =>
  ask(`${OVERRIDES_PATH}iris`, { method: 'POST', body, headers })

it('hands over the proof of who looks, and what was signed, and answers how the model stands', async () => {
  const looked = await ask(`${OVERRIDES_PATH}iris`, { headers: { [OVERRIDE_PROOF_HEADER]: 't=1,v1=x' } })
  expect([looked.status, JSON.parse(looked.text)]).toEqual([200, STATUS])
  await ask(`${OVERRIDES_PATH}iris`)
  expect(proofs).toEqual(['t=1,v1=x', undefined])
  const posted = await post(JSON.stringify(SIGNED))
  expect([posted.status, JSON.parse(posted.text)]).toEqual([200, STATUS])
  expect(applied).toEqual([SIGNED])
})

it.each([
  ['nothing', '', 400],
  ['half of JSON', '{"document":', 400],
  ['another JSON', '[]', 400],
  ['a document without a signature', JSON.stringify({ document: SIGNED.document }), 400],
  ['a wrong signature', JSON.stringify({ ...SIGNED, signature: '0'.repeat(64) }), 403],
  [
    'the override of another model',
    JSON.stringify({ ...SIGNED, document: { ...SIGNED.document, model: 'wine' } }),
    400,
  ],
  ['too much', JSON.stringify({ ...SIGNED, more: 'x'.repeat(9_000) }), 413],
])('refuses %s and changes nothing', async (_, body, status) => {
  const before = applied.length
  const answer = await post(body)
  expect(answer.status).toBe(status)
  expect(JSON.parse(answer.text)).toEqual({ error: expect.any(String) })
  expect(applied).toHaveLength(before)
})

it('keeps out pages of other sites, other methods, and paths that are no model', async () => {
  expect((await post(JSON.stringify(SIGNED), { origin: 'https://evil.example' })).status).toBe(403)
  expect((await ask(`${OVERRIDES_PATH}iris`, { method: 'DELETE' })).status).toBe(404)
  for (const path of ['', '..%2f..', 'iris/x', `${'x'.repeat(100)}`]) {
    expect((await ask(`${OVERRIDES_PATH}${path}`)).status).toBe(404)
  }
})

it('is not there on a node without overrides', async () => {
  await using plain = await startRest()
  expect((await fetch(`${plain.url}${OVERRIDES_PATH}iris`)).status).toBe(404)
})
