import type { Tensor } from '@understudy/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { alignOutput } from './aligned-output.ts'
import { comparatorOf, type RowComparison } from './comparator-of.ts'
import { NO_MEASURE } from './row-comparator.ts'

const { NaN: NAN, POSITIVE_INFINITY: INF } = Number
const TOP_2: RowComparison = { kind: 'topK', k: 2 }
const COSINE: RowComparison = { kind: 'cosine', min: 0.9 }
const THRESHOLD: RowComparison = { kind: 'threshold', at: 0.5 }

function floats(shape: readonly number[], ...values: number[]): Tensor {
  return { dtype: 'float64', shape, data: Float64Array.from(values) }
}

/** Per row 0 where it agrees, else its magnitude. */
function compare(how: RowComparison, baseline: Tensor, candidate: Tensor): readonly number[] | null {
  const aligned = alignOutput(how, { baseline, candidate }, baseline.shape[0] ?? 1)
  if (!aligned) return null
  const comparator = comparatorOf(how, baseline.dtype)
  return Array.from({ length: aligned.rows }, (_, row) =>
    comparator.agrees(aligned, row) ? 0 : comparator.magnitude(aligned, row),
  )
}

/** The k greatest by sorting everything: the definition. */
function greatest(values: readonly number[], k: number): readonly number[] {
  return values
    .map((value, place) => ({ value, place }))
    .sort((left, right) => right.value - left.value || left.place - right.place)
    .slice(0, k)
    .map(({ place }) => place)
}

describe('topK', () => {
  it('agrees when the same classes are chosen, in any order', () => {
    expect(compare(TOP_2, floats([1, 4], 9, 8, 1, 0), floats([1, 4], 5, 7, 2, 1))).toEqual([0])
    expect(compare(TOP_2, floats([1, 4], 9, 8, 1, 0), floats([1, 4], 9, 1, 8, 0))).toEqual([0.5])
    expect(compare(TOP_2, floats([1, 4], 9, 8, 1, 0), floats([1, 4], 0, 1, 8, 9))).toEqual([1])
  })

  it('compares every vector of a row and every row by itself', () => {
    const left = floats([2, 2, 3], 3, 2, 1, 1, 2, 3, 3, 2, 1, 3, 2, 1)
    const right = floats([2, 2, 3], 3, 2, 1, 3, 2, 1, 3, 2, 1, 3, 2, 1)
    expect(compare(TOP_2, left, right)).toEqual([0.5, 0])
  })

  it('is equality where there are no more classes than are chosen, so that the gate is not blind', () => {
    expect(compare(TOP_2, floats([1, 2], 1, 2), floats([1, 2], 1, 3))).toEqual([0.5])
    expect(compare({ kind: 'topK', k: 1_000 }, floats([1, 1], 1), floats([1, 1], 1))).toEqual([0])
  })

  it('chooses nothing where a score is NaN', () => {
    expect(compare(TOP_2, floats([1, 3], NAN, 1, 0), floats([1, 3], 1, NAN, 0))).toEqual([0])
    expect(compare(TOP_2, floats([1, 3], 2, 1, 0), floats([1, 3], 2, 1, NAN))).toEqual([NO_MEASURE])
  })

  it('chooses among 64-bit integers', () => {
    const ints = (...values: bigint[]): Tensor => ({
      dtype: 'int64',
      shape: [1, 3],
      data: BigInt64Array.from(values),
    })
    expect(compare(TOP_2, ints(3n, 2n, 1n), ints(2n, 3n, 1n))).toEqual([0])
  })

  it('chooses what sorting would choose, ties by place, for any k', () => {
    const vector = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 12, maxLength: 12 })
    fc.assert(
      fc.property(vector, vector, fc.integer({ min: 1, max: 11 }), (left, right, k) => {
        const shared = greatest(left, k).filter((place) => greatest(right, k).includes(place)).length
        const [magnitude] =
          compare({ kind: 'topK', k }, floats([1, 12], ...left), floats([1, 12], ...right)) ?? []
        expect(magnitude).toBeCloseTo((k - shared) / k, 12)
      }),
    )
  })
})

describe('cosine', () => {
  it('agrees when vectors point the same way, however long they are', () => {
    expect(compare(COSINE, floats([1, 2], 1, 2), floats([1, 2], 10, 20))).toEqual([0])
    expect(compare(COSINE, floats([1, 2], 1, 0), floats([1, 2], 0, 1))).toEqual([1])
    expect(compare(COSINE, floats([1, 2], 1, 0), floats([1, 2], -3, 0))).toEqual([2])
  })

  it('takes the vector of a row that lies farthest off', () => {
    const left = floats([1, 2, 2], 1, 0, 1, 0)
    expect(compare(COSINE, left, floats([1, 2, 2], 1, 0.1, 0, 1))).toEqual([1])
  })

  it.each<[name: string, left: readonly number[], right: readonly number[], agrees: boolean]>([
    ['nothing with nothing', [0, 0], [0, 0], true],
    ['nothing with a direction', [0, 0], [1, 0], false],
    ['NaN with the same NaN', [NAN, 1], [NAN, 1], true],
    ['NaN with a number', [NAN, 1], [1, 1], false],
    ['an infinity with a number', [INF, 1], [1, 1], false],
    ['huge numbers', [1e200, 1e200], [2e200, 2e200], false],
  ])('compares %s', (_, left, right, agrees) => {
    const [magnitude] = compare(COSINE, floats([1, 2], ...left), floats([1, 2], ...right)) ?? []
    expect(magnitude).toBe(agrees ? 0 : NO_MEASURE)
  })

  it('is equality for a single number, whose direction says nothing', () => {
    expect(compare(COSINE, floats([2, 1], 1, 2), floats([2, 1], 1, 3))).toEqual([0, 1])
  })

  it('always agrees with itself at the strictest bound, whatever rounding does', () => {
    const vector = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), {
      minLength: 2,
      maxLength: 9,
    })
    fc.assert(
      fc.property(vector, (values) => {
        const tensor = floats([1, values.length], ...values)
        expect(compare({ kind: 'cosine', min: 0.999_999 }, tensor, tensor)).toEqual([0])
      }),
    )
  })
})

/** Per row which way it went; null where the comparator has no threshold. */
function flips(how: RowComparison, baseline: Tensor, candidate: Tensor) {
  const aligned = alignOutput(how, { baseline, candidate }, baseline.shape[0] ?? 1)
  const { flip } = comparatorOf(how, baseline.dtype)
  if (!aligned || !flip) return null
  return Array.from({ length: aligned.rows }, (_, row) => flip(aligned, row))
}

describe('threshold', () => {
  it.each<[name: string, baseline: number, candidate: number, expected: number]>([
    ['both below', 0.1, 0.49, 0],
    ['both at or above', 0.5, 0.9, 0],
    ['a flip upwards', 0.25, 0.75, 0.5],
    ['a flip downwards', 1, 0, 1],
    ['a flip across infinity', 0, INF, NO_MEASURE],
    ['NaN for a number', 0.9, NAN, NO_MEASURE],
    ['NaN for NaN', NAN, NAN, 0],
  ])('%s', (_, baseline, candidate, expected) => {
    expect(compare(THRESHOLD, floats([1], baseline), floats([1], candidate))).toEqual([expected])
  })

  it.each<[name: string, baseline: number, candidate: number, way: number]>([
    ['from below to above is up', 0.49, 0.51, 1],
    ['from below to the threshold itself is up', 0.49, 0.5, 1],
    ['from the threshold itself to below is down', 0.5, 0.49, -1],
    ['from one infinity to the other is up', -INF, INF, 1],
    ['within a side is neither, however far', 0.51, 99, 0],
    ['from below to NaN is neither', 0, NAN, 0],
    ['from above to NaN is neither', 1, NAN, 0],
    ['from NaN to below is neither', NAN, 0, 0],
    ['from NaN to above is neither', NAN, 1, 0],
    ['NaN to NaN is neither', NAN, NAN, 0],
  ])('%s', (_, baseline, candidate, way) => {
    expect(flips(THRESHOLD, floats([1], baseline), floats([1], candidate))).toEqual([way])
  })

  it('says of a row of several elements which way it went, and of one that went both ways neither', () => {
    const before = floats([4, 2], 0, 0, 1, 0, 0, 1, 0, 0)
    const after = floats([4, 2], 1, 0, 0, NAN, 1, 0, 0, 0)
    expect(flips(THRESHOLD, before, after)).toEqual([1, -1, 0, 0])
    expect(compare(THRESHOLD, before, after)).toEqual([1, NO_MEASURE, 1, 0])
  })

  it('goes up and down with the two versions exchanged, and never where a row agrees (property)', () => {
    const value = fc.oneof(fc.double(), fc.constantFrom(0.5, NAN))
    const row = fc.array(value, { minLength: 2, maxLength: 2 })
    fc.assert(
      fc.property(row, row, (left, right) => {
        const [one, other] = [floats([1, 2], ...left), floats([1, 2], ...right)]
        const [way = 0] = flips(THRESHOLD, one, other) ?? []
        expect((flips(THRESHOLD, other, one)?.[0] ?? 0) + way).toBe(0)
        if (compare(THRESHOLD, one, other)?.[0] === 0) expect(way).toBe(0)
      }),
    )
  })

  it('crosses between 64-bit integers too', () => {
    const ints = (...values: bigint[]): Tensor => ({
      dtype: 'int64',
      shape: [values.length],
      data: BigInt64Array.from(values),
    })
    expect(flips({ kind: 'threshold', at: 10 }, ints(9n, 10n, 3n), ints(10n, 9n, 4n))).toEqual([1, -1, 0])
  })

  it('takes the element of a row that moved farthest across', () => {
    expect(compare(THRESHOLD, floats([2, 2], 0, 1, 0, 1), floats([2, 2], 0.75, 0, 0, 1))).toEqual([1, 0])
  })
})

it.each([TOP_2, COSINE])('nothing crosses a threshold under $kind', (how) => {
  expect(flips(how, floats([1, 3], 0, 1, 2), floats([1, 3], 2, 1, 0))).toBeNull()
})

it.each([TOP_2, COSINE, THRESHOLD])('text under $kind can only be equal', (how) => {
  const text = (...data: string[]): Tensor => ({ dtype: 'string', shape: [1, 3], data })
  expect(compare(how, text('a', 'b', 'c'), text('a', 'b', 'd'))?.[0]).toBeCloseTo(1 / 3, 12)
})
