import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exponentialBounds, HistogramSeries, HistogramShape } from './histogram.ts'

const bounds = fc
  .uniqueArray(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 12 })
  .map((list) => list.sort((a, b) => a - b))
const values = fc.array(
  fc.oneof(fc.integer({ min: 0, max: 1_100 }), fc.double({ min: 0, max: 2_000, noNaN: true })),
)

describe('HistogramSeries', () => {
  it('counts each value in the first bucket whose bound is not below it, as a naive count does', () => {
    fc.assert(
      fc.property(bounds, values, (limits, observed) => {
        const series = new HistogramSeries(new HistogramShape(limits))
        for (const value of observed) series.observe(value)
        let below = 0
        for (const [index, limit] of limits.entries()) {
          below += series.bucketCount(index)
          expect(below).toBe(observed.filter((value) => value <= limit).length)
        }
        expect(below + series.bucketCount(limits.length)).toBe(observed.length)
        expect(series.count).toBe(observed.length)
        expect(series.sum).toBeCloseTo(
          observed.reduce((total, value) => total + value, 0),
          6,
        )
      }),
    )
  })

  it('leaves the neighbours in its slab alone', () => {
    const shape = new HistogramShape([1, 2])
    const slab = new Float64Array(shape.slots * 3)
    const series = [0, 1, 2].map((index) => new HistogramSeries(shape, slab, index * shape.slots))
    for (const value of [0, 1.5, 9]) series[1]?.observe(value)
    expect(series.map(({ count, sum }) => [count, sum])).toEqual([
      [0, 0],
      [3, 10.5],
      [0, 0],
    ])
  })

  it.each([Number.NaN, -1, -Infinity])('does not count %s', (value) => {
    const series = new HistogramSeries(new HistogramShape([1]))
    series.observe(value)
    expect([series.count, series.sum]).toEqual([0, 0])
  })
})

describe('exponentialBounds', () => {
  it('begins with the first and multiplies', () => {
    expect(exponentialBounds(10, 2, 4)).toEqual([10, 20, 40, 80])
  })
})
