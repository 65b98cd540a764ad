import { randomBytes } from 'node:crypto'
import {
  type ApiKeyParts,
  apiKeyHmac,
  apiKeyText,
  deriveKeyCheckKey,
  newApiKey,
  type PlannedKey,
  PlatformError,
} from '@understudy/core'
import { TestClock } from '@understudy/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Caller } from './access.ts'
import { KeyRing } from './key-ring.ts'

const CHECK_KEY = deriveKeyCheckKey('the secret of a test')
const HOUR_MS = 3_600_000

function planned(key: ApiKeyParts, changes: Partial<PlannedKey> = {}): PlannedKey {
  const hmac = apiKeyHmac(CHECK_KEY, key.secret)
  return { id: key.id, hmac, models: null, verbs: ['predict'], expiresAtMs: null, ...changes }
}

describe('KeyRing', () => {
  let clock: TestClock
  let planAgeMs: number | undefined
  let ring: KeyRing
  let key: ApiKeyParts

  beforeEach(() => {
    clock = new TestClock()
    planAgeMs = undefined
    key = newApiKey(randomBytes)
    ring = new KeyRing({
      ...{ keyCheckKey: CHECK_KEY, clock, maxStalenessMs: HOUR_MS, planAgeMs: () => planAgeMs },
    })
    ring.replace([planned(key)])
  })

  const bearer = (one: ApiKeyParts = key) => `Bearer ${apiKeyText(one)}`

  /** Code and message of a refusal, or the caller. */
  function check(authorization: string | undefined): Caller | string {
    try {
      return ring.check(authorization, 'predict')
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error
      return `${error.code}: ${error.message}`
    }
  }

  it('lets a key of the plan in, and gives the same caller again', () => {
    const caller = ring.check(bearer(), 'predict')
    expect(caller.mayUse('anything')).toBe(true)
    expect(ring.check(bearer(), 'predict')).toBe(caller)
    expect(ring.check(`bearer   ${apiKeyText(key)}`, 'predict')).toBe(caller)
  })

  it.each([
    ['no header', () => undefined, 'is needed'],
    ['an empty header', () => '', 'holds no API key'],
    ['another scheme', () => `Basic ${apiKeyText(key)}`, 'holds no API key'],
    ['a key without its scheme', () => apiKeyText(key), 'holds no API key'],
    ['two keys', () => `${bearer()}, ${apiKeyText(key)}`, 'holds no API key'],
    ['a key and more', () => `${bearer()} x`, 'holds no API key'],
    ['an unknown id', () => bearer({ ...key, id: '0'.repeat(16) }), 'not valid here'],
    ['another secret', () => bearer({ ...key, secret: newApiKey(randomBytes).secret }), 'not valid here'],
    ['a very long header', () => `Bearer ${'us_'.repeat(100_000)}`, 'holds no API key'],
  ])('refuses %s, and repeats nothing of it', (_what, header, why) => {
    const said = check(header())
    expect(said).toContain('request.unauthenticated')
    expect(said).toContain(why)
    expect(said).not.toContain(key.secret)
    expect(String(said).length).toBeLessThan(200)
  })

  it('refuses a key from the moment on in which it left the plan, although it was recognised before', () => {
    ring.check(bearer(), 'predict')
    ring.replace([])
    expect(check(bearer())).toContain('not valid here')
    ring.replace([planned(key)])
    expect(check(bearer())).toBeTypeOf('object')
  })

  it('takes over what changed about a key that it had recognised', () => {
    ring.check(bearer(), 'predict')
    ring.replace([planned(key, { models: ['iris'] })])
    expect(ring.check(bearer(), 'predict').mayUse('digits')).toBe(false)
  })

  it('refuses a key when its time is up, not before', async () => {
    const expiresAtMs = clock.now() + 5_000
    ring.replace([planned(key, { expiresAtMs })])
    await clock.advance(4_999)
    expect(check(bearer())).toBeTypeOf('object')
    await clock.advance(1)
    expect(check(bearer())).toContain(`expired at ${new Date(expiresAtMs).toISOString()}`)
  })

  it('goes on with its keys without a control plane for the time allowed, then refuses them all and says why', () => {
    planAgeMs = HOUR_MS
    expect(check(bearer())).toBeTypeOf('object')
    planAgeMs = HOUR_MS + 1_000
    expect(check(bearer())).toMatch(/unauthenticated.*has not reached its control plane for 3601 s/)
    planAgeMs = undefined
    expect(check(bearer())).toBeTypeOf('object')
  })

  it('tells a stranger nothing about its control plane', () => {
    planAgeMs = HOUR_MS * 2
    expect(check(bearer({ ...key, id: '0'.repeat(16) }))).toContain('not valid here')
  })

  it('denies a key what it was not made for', () => {
    ring.replace([planned(key, { verbs: [] })])
    expect(check(bearer())).toContain('request.permission_denied')
  })

  it('lets a key use its models and no other', () => {
    ring.replace([planned(key, { models: ['iris', 'digits'] })])
    const caller = ring.check(bearer(), 'predict')
    expect(['iris', 'digits', 'Iris', ''].map((model) => caller.mayUse(model))).toEqual([
      ...[true, true, false, false],
    ])
  })

  it.each(['', 'ab', 'zz'.repeat(32), '00'.repeat(33)])('matches nothing to the hmac "%s"', (hmac) => {
    ring.replace([planned(key, { hmac })])
    expect(check(bearer())).toContain('not valid here')
  })

  it('goes on recognising keys when a client writes its header in ever new ways', () => {
    for (let spaces = 1; spaces <= 4_200; spaces++) {
      ring.check(`Bearer${' '.repeat(spaces)}${apiKeyText(key)}`, 'predict')
    }
    expect(check(bearer())).toBeTypeOf('object')
  })
})
