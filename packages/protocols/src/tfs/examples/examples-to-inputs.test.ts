import {
  type DType,
  isPlatformError,
  type Signature,
  type SignatureMapping,
  type TensorSpec,
} from '@understudy/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Example, Feature } from './example.ts'
import { examplesToInputs } from './examples-to-inputs.ts'

const mapping: SignatureMapping = { method: 'regress', value: 'y' }
const floats = (...values: number[]): Feature => ({ kind: 'float', values })
const ints = (...values: bigint[]): Feature => ({ kind: 'int64', values })
const bytes = (...values: (string | Uint8Array)[]): Feature => ({ kind: 'bytes', values })
const example = (features: Record<string, Feature>): Example => new Map(Object.entries(features))
const of = (...inputs: TensorSpec[]): Signature => ({ inputs, outputs: [] })
const input = (dtype: DType, ...shape: (number | string)[]): TensorSpec => ({ name: 'x', dtype, shape })

function mistakeIn(spec: TensorSpec, ...features: Feature[]): string {
  try {
    examplesToInputs({ examples: features.map((x) => example({ x })) }, mapping, of(spec))
    return 'accepted'
  } catch (error) {
    return isPlatformError(error) ? error.message : String(error)
  }
}

describe('examplesToInputs', () => {
  it('makes one row of each example, in their order', () => {
    const signature = of(
      { name: 'x', dtype: 'float32', shape: ['N', 2] },
      { name: 'n', dtype: 'int64', shape: ['N'] },
      { name: 's', dtype: 'string', shape: ['N', 1] },
      { name: 'image', dtype: 'float64', shape: ['', 2, 2] },
    )
    const one = (at: number) =>
      example({
        x: floats(at, at + 0.5),
        n: ints(2n ** 53n + BigInt(at)),
        s: bytes(at === 0 ? 'zero' : Buffer.from('eins')),
        image: floats(at, 1, 2, 3),
        ignored: ints(1n, 2n, 3n),
      })
    expect(examplesToInputs({ examples: [one(0), one(1)] }, mapping, signature)).toEqual(
      new Map(
        Object.entries({
          x: { dtype: 'float32', shape: [2, 2], data: new Float32Array([0, 0.5, 1, 1.5]) },
          n: { dtype: 'int64', shape: [2], data: new BigInt64Array([2n ** 53n, 2n ** 53n + 1n]) },
          s: { dtype: 'string', shape: [2, 1], data: ['zero', 'eins'] },
          image: {
            dtype: 'float64',
            shape: [2, 2, 2],
            data: new Float64Array([0, 1, 2, 3, 1, 1, 2, 3]),
          },
        }),
      ),
    )
  })

  it('feeds an input with the feature that the mapping names, and with the context', () => {
    const signature = of(input('float32', 'N'), { name: 'z', dtype: 'int32', shape: ['N'] })
    const inputs = examplesToInputs(
      {
        examples: [example({ size: floats(1) }), example({ size: floats(2) })],
        context: example({ z: ints(7n) }),
      },
      { ...mapping, features: { x: 'size' } },
      signature,
    )
    expect(inputs.get('x')?.data).toEqual(new Float32Array([1, 2]))
    expect(inputs.get('z')?.data).toEqual(new Int32Array([7, 7]))
  })

  it('takes rows of any length where one axis is open, the same for all examples', () => {
    const spec = input('float32', 'N', 'L', 2)
    const inputs = examplesToInputs({ examples: [example({ x: floats(1, 2, 3, 4) })] }, mapping, of(spec))
    expect(inputs.get('x')?.shape).toEqual([1, 2, 2])
    expect(mistakeIn(spec, floats(1, 2, 3))).toBe(
      'Name: <unknown>, Key: x, Index: 0.  Number of float values != expected.  Values size: 3 but output shape: [?,2] (input x: float32 [N, L, 2])',
    )
    expect(mistakeIn(spec, floats(1, 2), floats(1, 2, 3, 4))).toBe(
      'Name: <unknown>, Key: x, Index: 1.  Number of float values != expected.  Values size: 4 but output shape: [1,2] (input x: float32 [N, L, 2])',
    )
  })

  it.each([
    ['int8', ints(127n), ints(128n)],
    ['int16', ints(-32768n), ints(-32769n)],
    ['int32', ints(2n ** 31n - 1n), ints(2n ** 31n)],
    ['uint8', ints(255n), ints(-1n)],
    ['uint16', ints(65_535n), ints(65_536n)],
    ['uint32', ints(2n ** 32n - 1n), ints(2n ** 32n)],
    ['uint64', ints(2n ** 63n - 1n), ints(-1n)],
    ['bool', ints(1n), ints(2n)],
  ] as const)('holds integers of %s exactly, or refuses them', (dtype, good, bad) => {
    const tensor = examplesToInputs({ examples: [example({ x: good })] }, mapping, of(input(dtype, 'N')))
    expect(BigInt(tensor.get('x')?.data[0] ?? 'none')).toBe(good.values[0])
    expect(mistakeIn(input(dtype, 'N'), bad)).toBe(
      `Name: <unknown>, Key: x, Index: 0.  Value ${bad.values[0]} does not fit into ${dtype} (input x: ${dtype} [N])`,
    )
  })

  it('rounds floats to half precision where the input has it', () => {
    const examples = [example({ x: floats(1.5, 65_504, 65_520, 2 ** -24, 0.1) })]
    const tensor = examplesToInputs({ examples }, mapping, of(input('float16', 'N', 5)))
    expect(tensor.get('x')?.data).toEqual(new Uint16Array([0x3e00, 0x7bff, 0x7c00, 1, 0x2e66]))
  })

  it.each([
    [input('float32', 'N'), ints(1n), "Data types don't match. Data type: int64 but expected type: float"],
    [input('int64', 'N'), floats(1), "Data types don't match. Data type: float but expected type: int64"],
    [input('string', 'N'), floats(1), "Data types don't match. Data type: float but expected type: string"],
    [
      input('float32', 'N', 4),
      floats(1),
      'Number of float values != expected.  Values size: 1 but output shape: [4]',
    ],
    [
      input('string', 'N'),
      bytes('a', 'b'),
      'Number of string values != expected.  Values size: 2 but output shape: []',
    ],
    [input('string', 'N'), bytes(new Uint8Array([0xff])), 'A value is not UTF-8; string inputs hold text'],
    [
      input('float32', 'N', '', ''),
      floats(1),
      'Number of float values != expected.  Values size: 1 but output shape: [?,?]',
    ],
  ])('says which example does not fit %j', (spec, feature, what) => {
    expect(mistakeIn(spec, feature)).toContain(`Name: <unknown>, Key: x, Index: 0.  ${what} (input x: `)
  })

  it('misses a feature that is not there or has no values', () => {
    const missing =
      'Name: <unknown>, Feature: x (data type: float) is required but could not be found. Index: 1'
    const run = (second: Example) => () =>
      examplesToInputs({ examples: [example({ x: floats(1) }), second] }, mapping, of(input('float32', 'N')))
    expect(run(example({ y: floats(1) }))).toThrow(missing)
    expect(run(example({ x: floats() }))).toThrow(missing)
  })

  it('refuses no examples, inputs without rows, and features that the context repeats', () => {
    const scalar = of(input('float32'))
    const x = floats(1)
    expect(() => examplesToInputs({ examples: [] }, mapping, scalar)).toThrow('Input is empty.')
    expect(() => examplesToInputs({ examples: [example({ x })] }, mapping, scalar)).toThrow(
      'no axis for examples',
    )
    expect(() =>
      examplesToInputs({ examples: [example({}), example({ x })], context: example({ x }) }, mapping, scalar),
    ).toThrow('Feature: x is in the context and again in example 1')
  })

  it.each([
    ['float32', floats(1.5, 2), [1.5, 2]],
    ['float16', floats(1.5, 2), [0x3e00, 0x4000]],
    ['int8', ints(-3n, 4n), [-3, 4]],
    ['bool', ints(1n, 0n), [1, 0]],
    ['uint64', ints(5n, 6n), [5n, 6n]],
    ['string', bytes('a', Buffer.from('bc')), ['a', 'bc']],
  ] as const)('reads a %s that the context gives to every example once', (dtype, feature, row) => {
    let reads = 0
    const values = new Proxy<ArrayLike<unknown>>(feature.values, {
      get: (target, key, receiver) => {
        if (key !== 'length') reads += 1
        return Reflect.get(target, key, receiver)
      },
    })
    const context = example({ x: { ...feature, values } as Feature })
    const inputs = examplesToInputs(
      { examples: new Array<Example>(50).fill(new Map()), context },
      mapping,
      of(input(dtype, 'N', 2)),
    )
    expect([...(inputs.get('x')?.data ?? [])]).toEqual(Array.from({ length: 50 }, () => row).flat())
    expect(reads).toBeLessThan(10)
  })

  it.each([
    ['float32', { kind: 'float', values: new Float32Array(4_096) }],
    ['string', { kind: 'bytes', values: new Array<string>(512).fill('a') }],
  ] as const)('does not let a small request fill the memory by repeating a %s of its context', (dtype, x) => {
    const context = example({ x })
    const spec = of(input(dtype, 'N', 'L'))
    const run = (rows: number) =>
      examplesToInputs({ examples: new Array<Example>(rows).fill(new Map()), context }, mapping, spec)
    expect(run(512).get('x')?.shape).toEqual([512, x.values.length])
    expect(() => run(513)).toThrow(expect.objectContaining({ code: 'request.too_large' }))
  })

  it('gives inputs of the right size or a registered error, whatever features and signature', () => {
    const feature = fc.oneof(
      fc.record({ kind: fc.constant('float' as const), values: fc.array(fc.float(), { maxLength: 5 }) }),
      fc.record({ kind: fc.constant('int64' as const), values: fc.array(fc.bigInt(), { maxLength: 5 }) }),
      fc.record({ kind: fc.constant('bytes' as const), values: fc.array(fc.uint8Array(), { maxLength: 5 }) }),
    )
    const size = fc.oneof(fc.nat(4), fc.constantFrom('', 'N'))
    const dtype = fc.constantFrom<DType>('float32', 'float16', 'int8', 'uint64', 'bool', 'string')
    const examples = fc.array(fc.dictionary(fc.constantFrom('x', 'y'), feature).map(example))
    fc.assert(
      fc.property(examples, dtype, fc.array(size, { maxLength: 3 }), (all, type, shape) => {
        try {
          const tensor = examplesToInputs({ examples: all }, mapping, of(input(type, ...shape))).get('x')
          expect(tensor?.shape[0]).toBe(all.length)
          expect(tensor?.data.length).toBe(tensor?.shape.reduce((a, b) => a * b, 1))
        } catch (error) {
          if (!isPlatformError(error)) throw error
          expect(error.code).toBe('request.malformed')
        }
      }),
      { numRuns: 500 },
    )
  })
})
