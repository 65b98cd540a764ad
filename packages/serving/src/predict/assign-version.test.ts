import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assignVersion } from './assign-version.ts'

const share = fc.double({ min: 0, max: 1, noNaN: true })

function candidates(keys: readonly string[], weight: number, rolloutId = 'rollout-1'): readonly string[] {
  return keys.filter((key) => assignVersion({ share: weight, rolloutId, key }) === 'candidate')
}

describe('assignVersion', () => {
  it.each([
    [0, 'baseline'],
    [1, 'candidate'],
  ])('gives a share of %d wholly to the %s', (weight, expected) => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (rolloutId, key) => {
        expect(assignVersion({ share: weight, rolloutId, key })).toBe(expected)
      }),
    )
  })

  it('never takes a key back from the candidate while its share grows', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), share, share, (rolloutId, key, a, b) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)]
        const before = assignVersion({ share: less, rolloutId, key })
        const after = assignVersion({ share: more, rolloutId, key })
        expect([before, after]).not.toEqual(['candidate', 'baseline'])
      }),
    )
  })

  it.each([
    ['numbers in a row', (index: number) => `${index}`],
    ['names with a number', (index: number) => `user-${index}`],
    [
      'long ids that differ in their last letters',
      (index: number) => `${'0'.repeat(60)}${index.toString(16)}`,
    ],
    ['characters beyond Latin', (index: number) => `名${index}`],
  ])('gives the candidate its share of %s', (_what, keyOf) => {
    const keys = Array.from({ length: 20_000 }, (_, index) => keyOf(index))
    for (const weight of [0.01, 0.05, 0.25, 0.5]) {
      const deviation = Math.sqrt(weight * (1 - weight) * keys.length)
      expect(Math.abs(candidates(keys, weight).length - weight * keys.length)).toBeLessThan(4 * deviation)
    }
  })

  it('draws anew in each rollout', () => {
    const keys = Array.from({ length: 20_000 }, (_, index) => `user-${index}`)
    const first = new Set(candidates(keys, 0.1, 'rollout-1'))
    const both = candidates(keys, 0.1, 'rollout-2').filter((key) => first.has(key))
    expect(both.length).toBeGreaterThan(120)
    expect(both.length).toBeLessThan(280)
  })
})
