import { expect, test } from 'vitest'
import { fromAddress, fromField, toField } from './moment.ts'

test('a moment survives the way through the field, to the second', () => {
  const at = new Date('2026-11-20T14:03:09Z')
  expect(fromField(toField(at))?.getTime()).toBe(at.getTime())
  expect(toField(at)).toMatch(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:09$/)
})

test('seconds may be left out', () => {
  expect(fromField('2026-11-20 14:03')).toEqual(fromField('2026-11-20 14:03:00'))
})

test.each(['', '2026-11-20', '2026-11-20 14', '2026-13-40 00:00:00', 'yesterday'])(
  '"%s" is no moment',
  (text) => {
    expect(fromField(text)).toBeUndefined()
  },
)

test('an address may name a moment, and nothing else is taken for one', () => {
  expect(fromAddress('2026-11-20T14:03:00Z')?.toISOString()).toBe('2026-11-20T14:03:00.000Z')
  expect([fromAddress(null), fromAddress('yesterday'), fromAddress('1')]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
})
