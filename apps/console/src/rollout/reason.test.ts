import { expect, test } from 'vitest'
import { composeReason, OTHER, reasonProblem } from './reason.ts'

test('a chip leads what was written, and is enough by itself', () => {
  expect(composeReason('Latency', ' p99 doubled ')).toBe('Latency: p99 doubled')
  expect(composeReason('Latency', '')).toBe('Latency')
  expect(composeReason(null, 'p99 doubled')).toBe('p99 doubled')
})

test('"Other" says nothing by itself', () => {
  expect(reasonProblem(composeReason(OTHER, ''))).toMatch(/Give a reason/)
  expect(composeReason(OTHER, 'a demo')).toBe('a demo')
})

test('a reason has 3 to 500 characters', () => {
  expect(reasonProblem('ab')).toMatch(/Give a reason/)
  expect(reasonProblem('abc')).toBeUndefined()
  expect(reasonProblem('a'.repeat(500))).toBeUndefined()
  expect(reasonProblem('a'.repeat(501))).toMatch(/Shorten/)
})
