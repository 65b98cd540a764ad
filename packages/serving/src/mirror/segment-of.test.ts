import { expect, it } from 'vitest'
import { segmentOf } from './segment-of.ts'

const headers: Readonly<Record<string, string>> = {
  tenant: 'acme',
  long: 'x'.repeat(65),
  longest: 'x'.repeat(64),
  foreign: 'münchen',
  control: 'a\nb',
  empty: '',
}

it.each([
  ['the value of its header', 'tenant', 'acme'],
  ['64 characters', 'longest', 'x'.repeat(64)],
  ['none for more than 64 characters', 'long', ''],
  ['none for other than ASCII', 'foreign', ''],
  ['none for what cannot be printed', 'control', ''],
  ['none for an empty value', 'empty', ''],
  ['none without the header', 'country', ''],
  ['none when nothing is split', null, ''],
])('a request counts in %s', (_what, name, expected) => {
  expect(segmentOf((wanted) => headers[wanted], name)).toBe(expected)
})

it('a front that cannot tell its headers costs the request nothing', () => {
  const broken = () => {
    throw new Error('no headers')
  }
  expect(segmentOf(broken, 'tenant')).toBe('')
  expect(segmentOf(undefined, 'tenant')).toBe('')
})
