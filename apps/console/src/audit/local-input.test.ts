import { expect, test } from 'vitest'
import { fromLocalInput, parseMoment, toLocalInput } from './local-input.ts'

test('a moment survives the way through the field, to the second', () => {
  const at = new Date('2026-11-20T14:03:09Z')
  expect(fromLocalInput(toLocalInput(at))?.getTime()).toBe(at.getTime())
  expect(toLocalInput(at)).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:09$/)
})

test('a half-written moment is none', () => {
  expect(fromLocalInput('')).toBeUndefined()
  expect(fromLocalInput('2026-13-40T00:00')).toBeUndefined()
})

test('an address may name a moment, and nothing else is taken for one', () => {
  expect(parseMoment('2026-11-20T14:03:00Z')?.toISOString()).toBe('2026-11-20T14:03:00.000Z')
  expect([parseMoment(null), parseMoment('yesterday'), parseMoment('1')]).toEqual([undefined, undefined, undefined])
})
