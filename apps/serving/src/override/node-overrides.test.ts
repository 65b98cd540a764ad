import {
  deriveOverrideKey,
  type ErrorCode,
  isPlatformError,
  type OverrideDocument,
  overrideProof,
  type SignedOverride,
  signOverride,
} from '@understudy/core'
import { TestClock } from '@understudy/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { NodeOverrides } from './node-overrides.ts'
import type { KeptOverride } from './override-store.ts'

const KEY = deriveOverrideKey('the secret of this test')

/** Keeps overrides in memory, and can be out of order. */
class MemoryStore {
  kept: KeptOverride[] = []
  isBroken = false

  standing(model: string, generation: number): KeptOverride | undefined {
    const newest = this.kept.findLast(({ signed }) => signed.document.model === model)
    return newest?.signed.document.generation === generation ? newest : undefined
  }

  async add(signed: SignedOverride, acceptedAtMs: number): Promise<void> {
    if (this.isBroken) throw new Error('the disk is full')
    this.kept = [...this.kept, { signed, acceptedAtMs, reported: false }]
  }
}

let clock: TestClock
let store: MemoryStore
let overrides: NodeOverrides
let count = 0

beforeEach(() => {
  clock = new TestClock()
  store = new MemoryStore()
  overrides = node(KEY)
})

/** A node with v3 live and v2 before it, at generation 7, that follows its overrides. */
function node(overrideKey: string | undefined): NodeOverrides {
  const labels = () => {
    const standing = store.standing('iris', 7)
    return new Map(
      Object.entries(standing ? { live: standing.signed.document.to } : { live: 3, previous: 2 }),
    )
  }
  return new NodeOverrides({
    node: {
      has: (model) => model === 'iris',
      observedGeneration: () => 7,
      labelsOf: labels,
      availableVersions: () => [3, 2],
      planAgeMs: () => 60_000,
    },
    ...{ store, overrideKey, clock },
  })
}

function signed(changes: Partial<OverrideDocument> = {}, key = KEY): SignedOverride {
  count += 1
  return signOverride(key, {
    ...{ id: `0b9f0f3e-6f0b-4c46-9d0e-${String(count).padStart(12, '0')}`, model: 'iris', generation: 7 },
    ...{
      from: 3,
      to: 2,
      reason: 'it flips classes',
      actor: 'local:ada',
      issuedAtMs: clock.now(),
      ...changes,
    },
  })
}

async function codeOf(act: () => unknown): Promise<ErrorCode | undefined> {
  try {
    await act()
    return undefined
  } catch (error) {
    if (isPlatformError(error)) return error.code
    throw error
  }
}

describe('a look', () => {
  it('shows what an operator decides on, to who has the key', () => {
    const proof = overrideProof(KEY, 'iris', clock.now())
    expect(overrides.look('iris', proof)).toEqual({
      ...{ model: 'iris', generation: 7, live: 3, previous: 2, override: null, planAgeMs: 60_000 },
    })
  })

  it('is refused without a proof, before anything is said of the model', async () => {
    expect(await codeOf(() => overrides.look('iris', undefined))).toBe('serving.override_invalid')
    expect(await codeOf(() => overrides.look('nobody', undefined))).toBe('serving.override_invalid')
    const proof = overrideProof(KEY, 'nobody', clock.now())
    expect(await codeOf(() => overrides.look('nobody', proof))).toBe('serving.model_not_found')
  })
})

describe('an override', () => {
  it('is carried out once, however often it comes, and the answer says who is live', async () => {
    const override = signed()
    const status = await overrides.apply(override)
    expect(status).toMatchObject({ live: 2, previous: null, override: { id: override.document.id, to: 2 } })
    expect(await overrides.apply(override)).toEqual(status)
    expect(store.kept).toHaveLength(1)
  })

  it('of two that come at once only the first counts', async () => {
    const codes = await Promise.all(
      [signed(), signed(), signed()].map((override) => codeOf(() => overrides.apply(override))),
    )
    expect(codes).toEqual([undefined, 'serving.override_refused', 'serving.override_refused'])
    expect(store.kept).toHaveLength(1)
  })

  it.each([
    ['another key', () => signed({}, deriveOverrideKey('x')), 'serving.override_invalid'],
    [
      'a changed document',
      () => ({ ...signed(), document: signed({ to: 1 }).document }),
      'serving.override_invalid',
    ],
    ['old', () => signed({ issuedAtMs: clock.now() - 300_001 }), 'serving.override_invalid'],
    ['another generation', () => signed({ generation: 6 }), 'serving.override_refused'],
    ['another model', () => signed({ model: 'wine' }), 'serving.model_not_found'],
  ] as const)('with %s changes nothing', async (_, make, code) => {
    expect(await codeOf(() => overrides.apply(make()))).toBe(code)
    expect(store.kept).toEqual([])
  })

  it('that could not be kept does not count, and the next one does', async () => {
    store.isBroken = true
    await expect(overrides.apply(signed())).rejects.toThrow('the disk is full')
    store.isBroken = false
    expect(await overrides.apply(signed())).toMatchObject({ live: 2 })
  })

  it('is taken by no node that was given no key', async () => {
    expect(await codeOf(() => node(undefined).apply(signed()))).toBe('serving.override_unavailable')
    expect(await codeOf(() => node(undefined).look('iris', ''))).toBe('serving.override_unavailable')
  })
})
