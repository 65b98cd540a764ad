import type { Tensor } from '@understudy/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { comparePair } from './compare-pair.ts'
import { NO_MEASURE } from './row-comparator.ts'
import { overlapOf } from './set-overlap.ts'

const { NaN: NAN, POSITIVE_INFINITY: INF } = Number

function floats(shape: readonly number[], ...values: number[]): Tensor {
  return { dtype: 'float32', shape, data: Float32Array.from(values) }
}

function ints(...values: number[]): Tensor {
  return { dtype: 'int64', shape: [values.length], data: BigInt64Array.from(values.map(BigInt)) }
}

function texts(...data: string[]): Tensor {
  return { dtype: 'string', shape: [data.length], data }
}

describe('overlapOf', () => {
  it.each<[name: string, left: Tensor, right: Tensor, overlap: number | null]>([
    ['the same things in another order', ints(1, 2, 3), ints(3, 1, 2), 1],
    ['half of them', ints(1, 2, 3), ints(2, 3, 4), 0.5],
    ['a thing found twice', ints(1, 1), ints(1), 0.5],
    ['nothing and nothing', ints(), ints(), 1],
    ['nothing and something', ints(), ints(1), 0],
    ['texts', texts('cat', 'dog'), texts('dog'), 0.5],
    ['texts that look like two', texts('a","b'), texts('a', 'b'), 0],
    ['boxes as a whole', floats([2, 2], 1, 2, 3, 4), floats([2, 2], 3, 4, 1, 2), 1],
    ['boxes that share a corner', floats([1, 2], 1, 2), floats([1, 2], 1, 3), 0],
    ['boxes a little off', floats([1, 2], 100, 200), floats([1, 2], 100.05, 199.9), 1],
    ['numbers that are no number', floats([2], NAN, INF), floats([2], INF, NAN), 1],
    ['an infinity and a number', floats([1], INF), floats([1], 5), 0],
    ['other types', ints(1), floats([1], 1), null],
    ['other ranks', floats([1, 1], 1), floats([1], 1), null],
    ['things of another size', floats([1, 2], 1, 2), floats([1, 3], 1, 2, 3), null],
    ['data that does not fill its shape', floats([2], 1), floats([2], 1), null],
    ['things without numbers', floats([3, 0]), floats([5, 0]), 1],
  ])('compares %s', (_, left, right, overlap) => {
    expect(overlapOf(left, right)).toBe(overlap)
    expect(overlapOf(right, left)).toBe(overlap)
  })

  it('reads half precision as numbers', () => {
    const half = (...bits: number[]): Tensor => ({
      dtype: 'float16',
      shape: [bits.length],
      data: Uint16Array.from(bits),
    })
    expect(overlapOf(half(0x3c00, 0xc000), half(0xc000, 0x3c00))).toBe(1)
  })

  it('finds every thing again, in any order, and as many as were left', () => {
    const box = fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 30 }))
    fc.assert(
      fc.property(fc.array(box, { maxLength: 40 }), fc.nat({ max: 40 }), fc.gen(), (boxes, drop, draw) => {
        const shuffled = [...boxes].sort(() => draw(fc.integer, { min: -1, max: 1 }))
        const kept = shuffled.slice(Math.min(drop, boxes.length))
        const tensor = (some: typeof boxes) => floats([some.length, 2], ...some.flat())
        const expected = boxes.length === 0 ? 1 : kept.length / boxes.length
        expect(overlapOf(tensor(boxes), tensor(kept))).toBeCloseTo(expected, 12)
      }),
    )
  })

  it('compares thousands of boxes that share a side without holding up a worker', () => {
    const boxes = Float32Array.from({ length: 40_000 }, (_, index) => (index % 4 === 0 ? 7 : index))
    const tensor: Tensor = { dtype: 'float32', shape: [10_000, 4], data: boxes }
    const started = performance.now()
    expect(overlapOf(tensor, tensor)).toBe(1)
    expect(performance.now() - started).toBeLessThan(2_000)
  })
})

describe('a detector', () => {
  const plan = {
    compare: { boxes: { compare: { kind: 'setOverlap', min: 0.75 }, gate: true } },
    outputs: [{ name: 'boxes', dtype: 'float32', shape: ['found', 2] }],
  } as const
  const compare = (baseline: Tensor, candidate: Tensor | undefined, rows = 1) =>
    comparePair(
      {
        requestId: 'r',
        rows,
        inputs: new Map([['image', floats([rows, 1], ...Array.from({ length: rows }, () => 1))]]),
        baseline: { outputs: new Map([['boxes', baseline]]) },
        candidate: { outputs: new Map(candidate === undefined ? [] : [['boxes', candidate]]) },
      },
      plan,
      rows - 1,
    )
  const three = floats([3, 2], 1, 1, 2, 2, 3, 3)
  const four = floats([4, 2], 4, 4, 3, 3, 2, 2, 1, 1)

  it('may find more or fewer things, and none, without a breach of parity', () => {
    expect(compare(three, four)).toMatchObject({ breach: null, outputs: [{ unitAgrees: true }] })
    const none = compare(three, floats([0, 2]))
    expect(none).toMatchObject({ breach: null, outputs: [{ unitAgrees: false, magnitude: 1 }] })
  })

  it('is one unit, whole, also when it happens to find as many things as the batch has rows', () => {
    const moved = floats([3, 2], 9, 9, 8, 8, 1, 1)
    const found = compare(three, moved, 3)
    expect(found.outputs).toEqual([
      { output: 'boxes', gate: true, rowsDiffering: 1, unitAgrees: false, flip: null, magnitude: 0.8 },
    ])
  })

  it('still has to keep what its signature fixes', () => {
    expect(compare(three, floats([1, 3], 1, 2, 3))).toMatchObject({
      breach: { kind: 'dimension' },
      outputs: [{ unitAgrees: false, magnitude: NO_MEASURE }],
    })
    expect(compare(three, undefined)).toMatchObject({ breach: { kind: 'outputMissing' } })
  })
})
