import type { OutputComparison, Tensor } from '@understudy/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type LossPolicy, lossOf, type Outcome } from './loss.ts'
import { type Prediction, type PredictionPlace, predictedOf } from './prediction.ts'

const ARGMAX: OutputComparison = { compare: { kind: 'argmax' }, gate: true }
const EQUAL: OutputComparison = { compare: { kind: 'equal' }, gate: true }

function floats(shape: readonly number[], ...values: number[]): Tensor {
  return { dtype: 'float32', shape, data: Float32Array.from(values) }
}

function predicted(tensor: Tensor, place: Partial<PredictionPlace> = {}): Prediction | null {
  const where = { output: 'y', comparison: ARGMAX, row: 0, rows: 1, classLabels: [], ...place }
  return predictedOf(new Map([['y', tensor]]), where)
}

describe('predictedOf', () => {
  const scores = floats([2, 3], 0.1, 0.7, 0.2, 0.9, 0.05, 0.05)

  it('reads the chosen class of its row, by name where model.yaml names the classes', () => {
    expect(predicted(scores, { rows: 2, row: 1 })).toEqual({ label: '0', value: 0 })
    expect(predicted(scores, { rows: 2, classLabels: ['a', 'b', 'c'] })).toEqual({ label: 'b', value: 1 })
    expect(
      predicted(floats([3], 0, 0, 1), { comparison: { ...ARGMAX, compare: { kind: 'topK', k: 2 } } }),
    ).toEqual({
      label: '2',
      value: 2,
    })
  })

  it.each<[name: string, tensor: Tensor, expected: Prediction]>([
    ['text', { dtype: 'string', shape: [1], data: ['setosa'] }, { label: 'setosa', value: null }],
    ['a class by number', { dtype: 'int32', shape: [1], data: Int32Array.of(2) }, { label: '2', value: 2 }],
    [
      'a long integer with all its digits',
      { dtype: 'int64', shape: [], data: BigInt64Array.of(2n ** 53n + 1n) },
      { label: '9007199254740993', value: 2 ** 53 },
    ],
    ['a number', floats([1, 1], 0.5), { label: null, value: 0.5 }],
    [
      'half precision',
      { dtype: 'float16', shape: [1], data: Uint16Array.of(0xc000) },
      { label: null, value: -2 },
    ],
    ['NaN', floats([1], Number.NaN), { label: null, value: 'NaN' }],
    ['infinity', floats([1], Number.POSITIVE_INFINITY), { label: null, value: 'Infinity' }],
    ['the other infinity', floats([1], Number.NEGATIVE_INFINITY), { label: null, value: '-Infinity' }],
  ])('reads %s', (_, tensor, expected) => {
    const read = predicted(tensor, { comparison: EQUAL })
    expect(read).toEqual(expected)
    expect(JSON.parse(JSON.stringify(read))).toEqual(expected)
  })

  it('names a class by number where model.yaml names the classes', () => {
    const label: Tensor = { dtype: 'int64', shape: [1], data: BigInt64Array.of(1n) }
    expect(predicted(label, { comparison: EQUAL, classLabels: ['no', 'yes'] })).toEqual({
      label: 'yes',
      value: 1,
    })
  })

  it.each<[name: string, tensor: Tensor, place: Partial<PredictionPlace>]>([
    ['another output', scores, { output: 'z' }],
    ['a row that is not there', scores, { rows: 2, row: 2 }],
    ['several vectors', scores, { rows: 1 }],
    ['several numbers without a choice', floats([1, 3], 1, 2, 3), { comparison: EQUAL }],
    ['several numbers that nobody compares', floats([1, 3], 1, 2, 3), { comparison: undefined }],
    ['scores with NaN', floats([1, 2], 1, Number.NaN), {}],
    ['nothing', floats([0]), {}],
    ['texts as scores', { dtype: 'string', shape: [1, 2], data: ['a', 'b'] }, {}],
  ])('reads nothing out of %s', (_, tensor, place) => {
    expect(predicted(tensor, place)).toBeNull()
  })
})

describe('lossOf', () => {
  const zeroOne: LossPolicy = { loss: 'zeroOne', scale: 1 }
  const absolute: LossPolicy = { loss: 'absolute', scale: 10 }
  const setosa: Prediction = { label: 'setosa', value: 0 }
  const number = (value: Prediction['value']): Prediction => ({ label: null, value })

  it.each<[Prediction, Outcome, LossPolicy, number | null]>([
    [setosa, { label: 'setosa' }, zeroOne, 0],
    [setosa, { label: 'Setosa' }, zeroOne, 1],
    [setosa, { value: 0 }, zeroOne, 0],
    [setosa, { value: 2 }, zeroOne, 1],
    [{ label: 'a', value: null }, { value: 1 }, zeroOne, null],
    [number(1), { label: '1' }, zeroOne, null],
    [number('NaN'), { value: 1 }, zeroOne, 1],
    [number(3), { value: 8 }, absolute, 0.5],
    [number(30), { value: 8 }, absolute, 1],
    [number('NaN'), { value: 8 }, absolute, 1],
    [number('Infinity'), { value: 8 }, absolute, 1],
    [number(3), { label: '3' }, absolute, null],
    [number(null), { value: 3 }, absolute, null],
    [number(3), { value: Number.NaN }, absolute, null],
  ])('of %j against %j under %j is %j', (prediction, outcome, policy, loss) => {
    expect(lossOf(prediction, outcome, policy)).toBe(loss)
  })

  it('is from 0 to 1, whatever is predicted and reported', () => {
    const any = fc.double({ noNaN: true, noDefaultInfinity: true })
    fc.assert(
      fc.property(any, any, fc.double({ min: Number.MIN_VALUE, noNaN: true }), (value, truth, scale) => {
        const loss = lossOf(number(value), { value: truth }, { loss: 'absolute', scale })
        expect(loss).toBeGreaterThanOrEqual(0)
        expect(loss).toBeLessThanOrEqual(1)
      }),
    )
  })
})
