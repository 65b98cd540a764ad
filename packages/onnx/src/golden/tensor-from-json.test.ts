import { isPlatformError, type TensorSpec } from '@understudy/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tensorFromJson } from './tensor-from-json.ts'

const x: TensorSpec = { name: 'x', dtype: 'float32', shape: ['N', 2] }

function refusal(spec: TensorSpec, value: unknown): string {
  try {
    tensorFromJson(spec, value)
  } catch (error) {
    if (isPlatformError(error)) return `${error.code}: ${error.message}`
    throw error
  }
  return 'accepted'
}

describe('tensorFromJson', () => {
  it('reads nested arrays in row-major order', () => {
    expect(
      tensorFromJson(x, [
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    ).toEqual({
      dtype: 'float32',
      shape: [3, 2],
      data: Float32Array.of(1, 2, 3, 4, 5, 6),
    })
  })

  it('keeps 64-bit numbers exact, as numbers and as strings', () => {
    const spec: TensorSpec = { name: 'id', dtype: 'int64', shape: ['N'] }
    expect(tensorFromJson(spec, [1, '-9223372036854775808']).data).toEqual(BigInt64Array.of(1n, -(2n ** 63n)))
  })

  it('reads booleans, texts, scalars, float16 and empty batches', () => {
    expect(tensorFromJson({ name: 'b', dtype: 'bool', shape: ['N'] }, [true, 0]).data).toEqual(
      Uint8Array.of(1, 0),
    )
    expect(tensorFromJson({ name: 's', dtype: 'string', shape: ['N'] }, ['a']).data).toEqual(['a'])
    expect(tensorFromJson({ name: 'f', dtype: 'float64', shape: [] }, 'NaN')).toMatchObject({ shape: [] })
    expect(tensorFromJson({ name: 'h', dtype: 'float16', shape: ['N'] }, [1]).data).toEqual(
      Uint16Array.of(0x3c00),
    )
    expect(tensorFromJson(x, [])).toMatchObject({ shape: [0, 2] })
  })

  it.each<[string, TensorSpec, unknown, string]>([
    [
      'a wrong size',
      x,
      [[1, 2, 3]],
      'onnx.input_shape_mismatch: "x" has shape [1, 3]; expected float32 [N, 2].',
    ],
    ['a ragged array', x, [[1, 2], [3]], '1 elements at [1] where others have 2'],
    ['a number where an array should be', x, [[1, 2], 3], 'no array at [1]'],
    ['a flat array', x, [1, 2], 'shape [2]'],
    [
      'a text among floats',
      x,
      [[1, 'two']],
      'onnx.input_type_mismatch: "x" has "two" as element 1; expected float32.',
    ],
    ['null', x, [[1, null]], 'onnx.input_type_mismatch'],
    ['a fraction among integers', { ...x, dtype: 'int32' }, [[1, 0.5]], 'onnx.input_type_mismatch'],
    ['a number too large', { ...x, dtype: 'uint8' }, [[1, 256]], 'onnx.input_type_mismatch'],
    ['a negative unsigned', { ...x, dtype: 'uint64' }, [[1, -1]], 'onnx.input_type_mismatch'],
  ])('refuses %s and says where', (_what, spec, value, words) => {
    expect(refusal(spec, value)).toContain(words)
  })

  it('gives a tensor or one of the two codes for any JSON', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 6 }),
        fc.constantFrom('float32', 'int64', 'string', 'bool'),
        (value, dtype) => {
          expect(refusal({ ...x, dtype }, value)).toMatch(/^accepted$|^onnx\.input_(shape|type)_mismatch/)
        },
      ),
    )
  })
})
