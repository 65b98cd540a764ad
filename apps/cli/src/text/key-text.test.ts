import type { KeyView } from '@understudy/api/views'
import { describe, expect, it } from 'vitest'
import { createdKeyText, keyTable } from './key-text.ts'

const KEY: KeyView = {
  ...{ id: '0011223344556677', name: 'ci', models: ['iris', 'digits'], verbs: ['predict'], state: 'valid' },
  ...{ createdBy: 'local:ada', createdAt: '2026-01-02T03:04:05.000Z', expiresAt: null },
  ...{ revokedBy: null, revokedAt: null },
}

describe('what is said of API keys', () => {
  it('lists each with what it may do and for how long', () => {
    const expiresAt = '2026-04-02T03:04:05.000Z'
    const [, first, second] = keyTable([KEY, { ...KEY, models: null, expiresAt, state: 'revoked' }]).split(
      '\n',
    )
    expect(first).toMatch(
      /0011223344556677 +ci +iris, digits +predict +valid +2026-01-02 by local:ada +never/,
    )
    expect(second).toMatch(/every model +predict +revoked .* 2026-04-02/)
  })

  it('says how to make one where there is none', () => {
    expect(keyTable([])).toContain('understudy key create')
  })

  it('says what a new key may do', () => {
    const text = createdKeyText({ key: { ...KEY, verbs: ['predict', 'report'] }, token: 'us_token' }, [])
    expect(text).toContain('"ci": may predict and report for iris, digits; does not expire.')
  })

  it('shows a new key once, how to send it, and models that look like typing errors', () => {
    const text = createdKeyText({ key: KEY, token: 'us_token' }, ['irsi'])
    expect(text.split('us_token')).toHaveLength(2)
    expect(text).toContain('Authorization: Bearer')
    expect(text).toContain('There is no model irsi yet')
  })
})
