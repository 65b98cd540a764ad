import { describe, expect, it } from 'vitest'
import { median, quantile } from './quantile.ts'

describe('quantile', () => {
  it.each([
    [0, 1],
    [0.5, 5],
    [0.9, 9],
    [0.99, 10],
    [1, 10],
  ])('gives a value that was measured, for a share of %d', (share, expected) => {
    expect(quantile([10, 9, 8, 7, 6, 5, 4, 3, 2, 1], share)).toBe(expected)
  })

  it('orders numbers, not texts, and leaves what it was given alone', () => {
    const values = [100, 20, 3]
    expect(quantile(values, 0.5)).toBe(20)
    expect(values).toEqual([100, 20, 3])
  })

  it('is not a number for nothing', () => {
    expect(quantile([], 0.5)).toBeNaN()
  })
})

describe('median', () => {
  it.each([
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
    [[7], 7],
  ])('is the middle of %j', (values, expected) => {
    expect(median(values)).toBe(expected)
  })

  it('is not a number for nothing', () => {
    expect(median([])).toBeNaN()
  })
})
