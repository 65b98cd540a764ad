import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideOverride, type OverrideFacts } from './decide-override.ts'
import { type OverrideDocument, parseSignedOverride } from './override-document.ts'
import {
  deriveOverrideKey,
  isOverrideProof,
  isSignedOverride,
  OVERRIDE_VALID_MS,
  overrideProof,
  signOverride,
} from './override-signature.ts'

const NOW_MS = 1_700_000_000_000
const KEY = deriveOverrideKey('the secret of an installation')
const DOCUMENT: OverrideDocument = {
  ...{ id: '0b9f0f3e-6f0b-4c46-9d0e-0d6f6f4f1f10', model: 'iris', generation: 7, from: 3, to: 2 },
  ...{ reason: 'it flips classes', actor: 'local:ada', issuedAtMs: NOW_MS },
}
const FACTS: OverrideFacts = {
  ...{ nowMs: NOW_MS + 1_000, generation: 7, live: 3, previous: 2, available: [2, 3], standing: null },
}

describe('a signature', () => {
  it('is right for the very document and key, whatever the order of the fields', () => {
    const signed = signOverride(KEY, DOCUMENT)
    expect(isSignedOverride(KEY, signed)).toBe(true)
    const turned = Object.fromEntries(Object.entries(DOCUMENT).reverse()) as unknown as OverrideDocument
    expect(signOverride(KEY, turned).signature).toBe(signed.signature)
    expect(isSignedOverride(deriveOverrideKey('another secret'), signed)).toBe(false)
  })

  it('is wrong as soon as any field is another', () => {
    const { signature } = signOverride(KEY, DOCUMENT)
    for (const [field, value] of Object.entries(DOCUMENT)) {
      const other = typeof value === 'number' ? value + 1 : `${value}x`
      const document = { ...DOCUMENT, [field]: other }
      expect(isSignedOverride(KEY, { document, signature }), field).toBe(false)
    }
    for (const bad of ['', 'zz', signature.slice(2), `${signature}00`]) {
      expect(isSignedOverride(KEY, { document: DOCUMENT, signature: bad })).toBe(false)
    }
  })

  it('comes from a key of its own: not that of API keys, and no proof is one', () => {
    expect(KEY).toMatch(/^[0-9a-f]{64}$/)
    const proof = overrideProof(KEY, 'iris', NOW_MS).split('v1=')[1] ?? ''
    expect(isSignedOverride(KEY, { document: DOCUMENT, signature: proof })).toBe(false)
  })
})

describe('a proof', () => {
  const isGood = (proof: string | undefined, model = 'iris', nowMs = NOW_MS) =>
    isOverrideProof(KEY, proof, { model, nowMs })

  it('is for one model and for five minutes', () => {
    const proof = overrideProof(KEY, 'iris', NOW_MS)
    expect(isGood(proof)).toBe(true)
    expect(isGood(proof, 'wine')).toBe(false)
    expect(isGood(proof, 'iris', NOW_MS + OVERRIDE_VALID_MS)).toBe(true)
    expect(isGood(proof, 'iris', NOW_MS + OVERRIDE_VALID_MS + 1)).toBe(false)
    expect(isGood(proof, 'iris', NOW_MS - OVERRIDE_VALID_MS - 1)).toBe(false)
  })

  it.each([undefined, '', 't=1,v1=', `t=${NOW_MS},v1=${'0'.repeat(64)}`])('is not %s', (proof) => {
    expect(isGood(proof)).toBe(false)
  })
})

it('reads only what is a whole, bounded document with a signature', () => {
  const signed = signOverride(KEY, DOCUMENT)
  expect(parseSignedOverride(JSON.parse(JSON.stringify(signed)))).toEqual(signed)
  const document = (changes: object) => ({ ...signed, document: { ...DOCUMENT, ...changes } })
  for (const bad of [
    null,
    'x',
    {},
    { ...signed, more: 1 },
    { ...signed, signature: 'x' },
    document({ more: 1 }),
    document({ id: 'x' }),
    document({ model: '../x' }),
    document({ from: 0 }),
    document({ to: 1.5 }),
    document({ generation: -1 }),
    document({ reason: 'x' }),
    document({ reason: 'x'.repeat(501) }),
    document({ actor: '' }),
    document({ issuedAtMs: Number.POSITIVE_INFINITY }),
  ]) {
    expect(parseSignedOverride(bad)).toBeUndefined()
  }
})

describe('whether a node carries an override out', () => {
  const decided = (facts: Partial<OverrideFacts>, document: Partial<OverrideDocument> = {}) => {
    const decision = decideOverride({ ...DOCUMENT, ...document }, { ...FACTS, ...facts })
    return decision.type === 'refused' ? decision.message : decision.type
  }

  it('does what was decided on what it shows, and the same again without doing it twice', () => {
    expect(decided({})).toBe('apply')
    const standing = { id: DOCUMENT.id }
    expect(decided({ standing, live: 2, previous: null })).toBe('standing')
    expect(decided({ standing, live: 2, previous: null, nowMs: NOW_MS + 10 * OVERRIDE_VALID_MS })).toBe(
      'standing',
    )
  })

  it.each<[Partial<OverrideFacts>, string]>([
    [{ nowMs: NOW_MS + OVERRIDE_VALID_MS + 1 }, 'was not issued within the last 5 minutes'],
    [{ nowMs: NOW_MS - OVERRIDE_VALID_MS - 1 }, 'was not issued within the last 5 minutes'],
    [{ generation: 8 }, 'this node is at generation 8'],
    [{ generation: null }, 'this node is at generation none'],
    [{ standing: { id: 'another' }, live: 2, previous: null }, 'another override stands at this generation'],
    [{ live: 2 }, 'v2 is live here'],
    [{ live: null }, 'nothing is live here'],
    [{ previous: null }, 'there is no previous version here that is loaded'],
    [{ previous: 1 }, 'the previous version here is v1'],
    [{ available: [3] }, 'v2 cannot answer at this moment'],
  ])('refuses with a reason when %o', (facts, reason) => {
    expect(decided(facts)).toContain(reason)
  })

  it('moves live only from the version that is live to the previous one, of the generation in effect', () => {
    const small = fc.integer({ min: 1, max: 3 })
    const maybe = fc.option(small)
    fc.assert(
      fc.property(
        fc.record({
          generation: small,
          from: small,
          to: small,
          issuedAtMs: fc.integer({ min: 0, max: 900_000 }),
        }),
        fc.record({
          ...{ nowMs: fc.constant(400_000), generation: maybe, live: maybe, previous: maybe },
          ...{
            available: fc.subarray([1, 2, 3]),
            standing: fc.option(fc.record({ id: fc.constantFrom('a', DOCUMENT.id) })),
          },
        }),
        (document, facts) => {
          if (decideOverride({ ...DOCUMENT, ...document }, facts).type !== 'apply') return
          expect(facts).toMatchObject({
            ...{
              generation: document.generation,
              live: document.from,
              previous: document.to,
              standing: null,
            },
          })
          expect(facts.available).toContain(document.to)
          expect(Math.abs(document.issuedAtMs - facts.nowMs)).toBeLessThanOrEqual(OVERRIDE_VALID_MS)
        },
      ),
      { numRuns: 2_000 },
    )
  })
})
