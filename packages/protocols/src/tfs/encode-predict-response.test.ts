import type { NamedTensors, Tensor } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { encodePredictResponse } from './encode-predict-response.ts'

const floats = (shape: number[], ...values: number[]): Tensor => ({
  dtype: 'float32',
  shape,
  data: new Float32Array(values),
})
const named = (tensors: Record<string, Tensor>): NamedTensors => new Map(Object.entries(tensors))

describe('encodePredictResponse', () => {
  it('drops the name of a single output', () => {
    const one = named({ y: floats([3], 3.5, 4, 5.5) })
    expect(encodePredictResponse(one, 'row')).toBe('{"predictions":[3.5,4.0,5.5]}')
    expect(encodePredictResponse(one, 'columnar')).toBe('{"outputs":[3.5,4.0,5.5]}')
  })

  it('writes several outputs as one object per row, or one list per name', () => {
    const two = named({
      score: floats([2], 0.5, 1),
      class_bytes: { dtype: 'string', shape: [2], data: ['hello', 'tf'] },
    })
    expect(encodePredictResponse(two, 'row')).toBe(
      '{"predictions":[{"score":0.5,"class_bytes":{"b64":"aGVsbG8="}},{"score":1.0,"class_bytes":{"b64":"dGY="}}]}',
    )
    const shapes = named({
      a: floats([2], 1, 2),
      b: { dtype: 'int64', shape: [2, 1], data: new BigInt64Array([1n, 9007199254740993n]) },
    })
    expect(encodePredictResponse(shapes, 'columnar')).toBe(
      '{"outputs":{"a":[1.0,2.0],"b":[[1],[9007199254740993]]}}',
    )
  })

  it('nests axes, and writes an empty axis as an empty list', () => {
    expect(encodePredictResponse(named({ y: floats([2, 2, 1], 1, 2, 3, 4) }), 'row')).toBe(
      '{"predictions":[[[1.0],[2.0]],[[3.0],[4.0]]]}',
    )
    expect(encodePredictResponse(named({ y: floats([2, 0]) }), 'row')).toBe('{"predictions":[[],[]]}')
    expect(encodePredictResponse(named({ y: floats([0, 2]) }), 'row')).toBe('{"predictions":[]}')
    expect(encodePredictResponse(named({ y: floats([], 7) }), 'columnar')).toBe('{"outputs":7.0}')
  })

  it('writes NaN and infinities bare, booleans, text and halves', () => {
    const odd = floats([3], Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY)
    expect(encodePredictResponse(named({ y: odd }), 'row')).toBe('{"predictions":[NaN,Infinity,-Infinity]}')
    const bools: Tensor = { dtype: 'bool', shape: [2], data: new Uint8Array([1, 0]) }
    expect(encodePredictResponse(named({ y: bools }), 'row')).toBe('{"predictions":[true,false]}')
    const text: Tensor = { dtype: 'string', shape: [1], data: ['say "ü"\n'] }
    expect(encodePredictResponse(named({ y: text }), 'row')).toBe('{"predictions":["say \\"ü\\"\\n"]}')
    const half: Tensor = { dtype: 'float16', shape: [1], data: new Uint16Array([0x3c00]) }
    expect(encodePredictResponse(named({ y: half }), 'row')).toBe('{"predictions":[1.0]}')
  })

  it('refuses rows of outputs that do not share a batch axis', () => {
    expect(() => encodePredictResponse(named({ y: floats([], 7) }), 'row')).toThrow(
      'Tensor name: y has no shape information',
    )
    const uneven = named({ y: floats([2], 1, 2), z: floats([1], 1) })
    expect(() => encodePredictResponse(uneven, 'row')).toThrow(
      'Tensor name: z has inconsistent batch size: 1 expecting: 2',
    )
    expect(encodePredictResponse(uneven, 'columnar')).toBe('{"outputs":{"y":[1.0,2.0],"z":[1.0]}}')
  })
})
