import type { NamedTensors, Tensor } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { classificationsOf } from './classifications-of.ts'
import { encodeExamplesResponse } from './examples-codec.ts'
import { regressionsOf } from './regressions-of.ts'

const scores: Tensor = {
  dtype: 'float32',
  shape: [2, 3],
  data: new Float32Array([0.9, 0.1, 3, Number.NaN, 1e-5, 1e7]),
}
const names: Tensor = { dtype: 'string', shape: [2, 3], data: ['c', 'b', 'a', 'x', 'é"', ''] }
const outputs = (tensors: Record<string, Tensor>): NamedTensors => new Map(Object.entries(tensors))
const classify = (
  tensors: Record<string, Tensor>,
  mapped: { scores?: string; classes?: string },
  labels = {},
) => encodeExamplesResponse(outputs(tensors), { method: 'classify', ...mapped }, labels)
const regress = (value: Tensor) =>
  encodeExamplesResponse(outputs({ value }), { method: 'regress', value: 'value' }, {})

describe('answers of classify', () => {
  it('hold label and score of every class in the order of the model, with floats as TensorFlow Serving writes them', () => {
    expect(classify({ p: scores, n: names }, { scores: 'p', classes: 'n' })).toBe(
      '{"results":[[["c",0.9],["b",0.1],["a",3.0]],[["x",NaN],["é\\"",1e-05],["",1e+07]]]}',
    )
  })

  it('name classes by the labels of the scores, else by their index', () => {
    const own = classify(
      { p: scores },
      { scores: 'p' },
      { p: ['setosa', 'versicolor', 'virginica'], q: ['?'] },
    )
    expect(JSON.parse(own.replace('NaN', '0')).results[1]).toEqual([
      ['setosa', 0],
      ['versicolor', 1e-5],
      ['virginica', 1e7],
    ])
    expect(classify({ p: scores }, { scores: 'p' })).toContain('[["0",0.9],["1",0.1],["2",3.0]]')
  })

  it('take integer classes, and score 0 where the model has no scores', () => {
    const ids: Tensor = { dtype: 'int64', shape: [1, 2], data: new BigInt64Array([9007199254740993n, -1n]) }
    expect(classify({ ids }, { classes: 'ids' })).toBe('{"results":[[["9007199254740993",0.0],["-1",0.0]]]}')
  })

  it.each([
    [{ dtype: 'float64', data: new Float64Array([0.1, 2]) }, '[["0",0.1],["1",2.0]]'],
    [{ dtype: 'float16', data: new Uint16Array([0x3c00, 0x7c00]) }, '[["0",1.0],["1",Infinity]]'],
  ] as const)('write scores of another float type as float: %j', (data, text) => {
    expect(classify({ p: { shape: [1, 2], ...data } }, { scores: 'p' })).toBe(`{"results":[${text}]}`)
  })

  const flat: Tensor = { dtype: 'float32', shape: [6], data: scores.data as Float32Array }
  const whole: Tensor = { dtype: 'int32', shape: [1, 1], data: new Int32Array(1) }
  const wide: Tensor = { dtype: 'string', shape: [3, 2], data: names.data as readonly string[] }
  const labels = { p: ['one'] }
  it.each([
    [{ p: flat }, {}, {}, 'Expected Tensor shape: [batch_size num_classes] but got [6]'],
    [{ p: whole }, {}, {}, 'Expected scores Tensor of DT_FLOAT. Got: DT_INT32'],
    [{ p: scores, n: scores }, { classes: 'n' }, {}, 'Expected classes Tensor of DT_STRING. Got: DT_FLOAT'],
    [
      { p: scores, n: wide },
      { classes: 'n' },
      {},
      'Tensors class and score should match in dim_size(1). Got 2 vs. 3',
    ],
    [{ q: scores }, {}, {}, "Could not find output tensor 'p'"],
    [{ p: scores }, {}, labels, 'The model answers with 3 classes, but 1 labels are declared'],
  ])('refuse outputs that are not what the signature says: %#', (tensors, mapped, declared, message) => {
    const run = () =>
      classificationsOf(outputs(tensors), { method: 'classify', scores: 'p', ...mapped }, declared)
    expect(run).toThrow(expect.objectContaining({ code: 'request.malformed', message }))
  })

  it('need rows', () => {
    expect(() => classify({ p: { ...scores, shape: [0, 3] } }, { scores: 'p' })).toThrow(
      'Cannot convert empty',
    )
  })
})

describe('answers of regress', () => {
  it('hold one value for each row, flat', () => {
    expect(regress({ dtype: 'float32', shape: [3], data: new Float32Array([3.5, 4, Infinity]) })).toBe(
      '{"results":[3.5,4.0,Infinity]}',
    )
    expect(regress({ dtype: 'float64', shape: [2, 1], data: new Float64Array([1e-5, 9e6]) })).toBe(
      '{"results":[1e-05,9e+06]}',
    )
  })

  const values = new Float32Array(4)
  it.each([
    [
      { dtype: 'float32', shape: [2, 2], data: values },
      'Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got [2,2]',
    ],
    [
      { dtype: 'float32', shape: [], data: values },
      'Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got []',
    ],
    [
      { dtype: 'float32', shape: [4, 1, 1], data: values },
      'Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got [4,1,1]',
    ],
    [
      { dtype: 'int8', shape: [4], data: new Int8Array(4) },
      'Expected output Tensor of DT_FLOAT.  Got: DT_INT8',
    ],
  ] as const)('refuse outputs that hold none: %#', (tensor, message) => {
    const run = () => regressionsOf(outputs({ y: tensor }), { method: 'regress', value: 'y' })
    expect(run).toThrow(expect.objectContaining({ code: 'request.malformed', message }))
  })
})
