import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isModelName, parseVersionNumber, shortCommit, shortDigest, versionName } from './ids.ts'

describe('parseVersionNumber', () => {
  it('reads back every positive safe integer', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (number) => {
        expect(parseVersionNumber(String(number))).toBe(number)
      }),
    )
    expect(parseVersionNumber('9007199254740991')).toBe(Number.MAX_SAFE_INTEGER)
  })

  it.each([
    '',
    '0',
    '00',
    '01',
    '-1',
    '+1',
    '1.0',
    '1e3',
    '0x1',
    ' 1',
    '1 ',
    '1\n',
    'v1',
    '١',
    '9007199254740992',
    '9'.repeat(400),
  ])('refuses %j', (text) => {
    expect(() => parseVersionNumber(text)).toThrow(
      expect.objectContaining({ code: 'gitops.version_number_invalid' }),
    )
  })

  it('takes no text that it would not write itself', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.integer().map(String), fc.double().map(String)), (text) => {
        let number: number
        try {
          number = parseVersionNumber(text)
        } catch {
          return
        }
        expect(String(number)).toBe(text)
      }),
    )
  })
})

describe('isModelName', () => {
  it.each(['iris', 'A', '9', 'a.b_c-D', 'x'.repeat(63)])('takes %s', (name) => {
    expect(isModelName(name)).toBe(true)
  })

  it.each(['', '.', '..', '.git', '-x', '_x', 'a/b', 'a b', 'a\n', 'é', 'stats', 'x'.repeat(64)])(
    'refuses %j',
    (name) => {
      expect(isModelName(name)).toBe(false)
    },
  )

  it('takes only names that need no escaping in a path or URL', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        if (isModelName(name)) expect(encodeURIComponent(name)).toBe(name)
      }),
    )
  })
})

it('names versions, digests and commits as people read them', () => {
  expect(versionName('iris', 3)).toBe('iris@3')
  expect(shortDigest('0123456789abcdef')).toBe('01234567')
  expect(shortCommit('0123456789abcdef')).toBe('0123456')
})
