import { expect, it } from 'vitest'
import { parseVersionNotes } from './version-notes.ts'

it.each([
  ['names the version that it is a variant of', 'variantOf: 2\n', 2],
  ['is a variant of none when it says nothing', '', null],
  ['leaves the notes of its author alone', 'trained: yesterday\nmetrics: {accuracy: 0.97}\n', null],
])('%s', (_what, text, variantOf) => {
  expect(parseVersionNotes(text)).toEqual({ variantOf })
})

it.each([
  ['no number', 'variantOf: two', /^version\.yaml:1:12: variantOf: /],
  ['zero', 'variantOf: 0', /variantOf/],
  ['a list', '- 1', /version\.yaml:1:1/],
  ['an alias', 'a: &x 1\nvariantOf: *x', /aliases are not allowed/],
])('refuses %s, with line and column', (_what, text, message) => {
  expect(() => parseVersionNotes(text)).toThrow(message)
})
