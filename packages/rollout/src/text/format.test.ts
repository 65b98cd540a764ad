import { describe, expect, it } from 'vitest'
import { formatCount, formatDuration, formatPairs, formatPercent, formatPoints, joinWords } from './format.ts'

describe('format', () => {
  it.each<[number, string]>([
    [0, '0 s'],
    [999, '1 s'],
    [90_000, '1 min 30 s'],
    [1_200_000, '20 min'],
    [21_600_000, '6 h'],
    [90_061_000, '1 d 1 h'],
    [3_601_000, '1 h'],
    [-5, '0 s'],
  ])('writes %i ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })

  it('groups thousands and counts one pair alone', () => {
    expect([999, 1_000, 1_234_567].map(formatCount)).toEqual(['999', '1,000', '1,234,567'])
    expect([0, 1, 2_450].map(formatPairs)).toEqual(['0 pairs', '1 pair', '2,450 pairs'])
  })

  it('gives shares two significant digits and differences in points', () => {
    expect([0.061, 0.05, 0.3333, 1].map(formatPercent)).toEqual(['6.1 %', '5 %', '33 %', '100 %'])
    expect(formatPoints(0.00081)).toBe('0.081 pp')
  })

  it('joins words as people do', () => {
    expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(joinWords)).toEqual([
      '',
      'a',
      'a and b',
      'a, b and c',
    ])
  })
})
