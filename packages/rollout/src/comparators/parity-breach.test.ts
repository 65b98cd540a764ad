import type { Tensor, TensorSpec } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { findParityBreach, type ParityBreach } from './parity-breach.ts'

const SPECS: readonly TensorSpec[] = [{ name: 'y', dtype: 'float32', shape: ['N', 3, 'K'] }]

function floats(shape: readonly number[], fill = 1, dtype: 'float32' | 'float64' = 'float32'): Tensor {
  const length = shape.reduce((product, size) => product * size, 1)
  const data = dtype === 'float32' ? new Float32Array(length) : new Float64Array(length)
  return { dtype, shape, data: data.fill(fill) } as Tensor
}

function half(bits: number): Tensor {
  return { dtype: 'float16', shape: [1, 3, 1], data: new Uint16Array(3).fill(bits) }
}

const BASELINE = floats([2, 3, 4])
const { NaN: NAN, POSITIVE_INFINITY: INF } = Number

function breach(candidate: Tensor | null, baseline = BASELINE, input = floats([2, 1])): ParityBreach | null {
  return findParityBreach(
    {
      inputs: new Map([['x', input]]),
      baseline: new Map([['y', baseline]]),
      candidate: new Map(candidate ? [['y', candidate]] : []),
    },
    SPECS,
  )
}

describe('findParityBreach', () => {
  it.each<[name: string, candidate: Tensor | null, kind: string | undefined, detail?: string]>([
    ['an equal answer', BASELINE, undefined],
    ['another size of a symbolic axis', floats([2, 3, 9]), undefined],
    ['a missing output', null, 'outputMissing', 'output `y` is missing'],
    ['another type', floats([2, 3, 4], 1, 'float64'), 'dtype', 'output `y` is float64, expected float32'],
    ['another rank', floats([2, 12]), 'rank', 'output `y` has 2 axes, expected 3'],
    [
      'another static axis',
      floats([2, 4, 3]),
      'dimension',
      'output `y` has 4 elements in axis 1, expected 3',
    ],
    ['NaN', floats([2, 3, 4], NAN), 'notFinite'],
    ['infinity', floats([2, 3, 4], INF), 'notFinite'],
  ])('judges %s', (_, candidate, kind, detail) => {
    const found = breach(candidate)
    expect(found?.kind).toBe(kind)
    if (detail) expect(found?.detail).toBe(detail)
  })

  it('allows NaN where the baseline gives NaN or infinity too', () => {
    expect(breach(floats([2, 3, 4], NAN), floats([2, 3, 4], INF))).toBeNull()
  })

  it('allows NaN from inputs that are not finite', () => {
    expect(breach(floats([2, 3, 4], NAN), BASELINE, floats([2, 1], NAN))).toBeNull()
  })

  it('reads half precision and double precision', () => {
    expect(breach(half(0x7c00), half(0x3c00))?.kind).toBe('notFinite')
    expect(breach(half(0x7bff), half(0x3c00))).toBeNull()
    const doubles = (fill: number) => floats([2, 3, 4], fill, 'float64')
    expect(breach(doubles(NAN), doubles(1))?.kind).toBe('notFinite')
  })

  it('does not mistake integers and text for numbers that could be infinite', () => {
    const text: Tensor = { dtype: 'string', shape: [1, 3, 1], data: ['NaN', 'NaN', 'NaN'] }
    const word: Tensor = { dtype: 'string', shape: [1, 3, 1], data: ['a', 'b', 'c'] }
    expect(breach(text, word)).toBeNull()
  })

  it('allows an output that the baseline does not have, and judges one without a specification', () => {
    const pair = (candidate: Tensor) => ({
      inputs: new Map(),
      baseline: new Map([['z', floats([1])]]),
      candidate: new Map([
        ['z', candidate],
        ['more', floats([1], NAN)],
      ]),
    })
    expect(findParityBreach(pair(floats([2])), SPECS)).toBeNull()
    expect(findParityBreach(pair(floats([1], NAN)), SPECS)?.output).toBe('z')
  })
})
