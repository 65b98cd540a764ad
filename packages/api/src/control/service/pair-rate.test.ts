import { expect, it } from 'vitest'
import { pairsPerSecond } from './pair-rate.ts'

const NOW = new Date('2026-01-01T12:10:30Z')

function at(time: string, sampled: number) {
  return { atMs: Date.parse(`2026-01-01T${time}Z`), sampled }
}

it.each([
  ['is nothing without traffic', [], 0],
  ['counts a minute that has only begun by what of it has passed', [at('12:10:00', 300)], 10],
  ['is a mean over the minutes since traffic began', [at('12:09:00', 600), at('12:10:00', 300)], 10],
  ['forgets what is older', [at('11:00:00', 1_000_000), at('12:10:00', 300)], 10],
  ['is nothing when traffic stopped', [at('12:00:00', 600)], 0],
])('%s', (_what, minutes, expected) => {
  expect(pairsPerSecond(minutes, NOW)).toBe(expected)
})
