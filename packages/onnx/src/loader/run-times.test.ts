import { describe, expect, it } from 'vitest'
import { RunTimes } from './run-times.ts'

const after = (...runs: readonly number[]) => {
  const times = new RunTimes()
  for (const runMs of runs) times.add(runMs)
  return times.usualMs
}
const many = (runMs: number, count: number) => Array.from({ length: count }, () => runMs)

describe('RunTimes', () => {
  it('knows nothing before there were enough runs', () => {
    expect(after(...many(1, 31))).toBeUndefined()
    expect(after(...many(1, 32))).toBe(1)
  })

  it('is not misled by runs that waited for a processor', () => {
    expect(after(...many(0.1, 20), ...many(500, 12), ...many(0.1, 32))).toBe(0.1)
  })

  it('sees a version that is slow for good, and does not forget it', () => {
    expect(after(...many(1, 32), ...many(12, 32), ...many(1, 320))).toBe(12)
  })
})
