import { expect, it } from 'vitest'
import { limitMsOf } from './run-rows.ts'

it('gives a row more time for more rounds, and no less for fewer', () => {
  expect([1, 5, 10, 100].map((rounds) => limitMsOf({}, rounds))).toEqual([90_000, 90_000, 180_000, 1_800_000])
  expect(limitMsOf({ limitMs: 150_000 }, 20)).toBe(600_000)
})
