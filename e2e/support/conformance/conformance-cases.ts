import {
  DTYPES,
  type DType,
  type NamedTensors,
  type Signature,
  type Tensor,
  type TensorSpec,
} from '@understudy/core'
import { OnnxBuilder } from '@understudy/testing'

/** One model, and what it is asked in every protocol and encoding. */
export interface ConformanceCase {
  /** As the document shows it. */
  readonly title: string
  readonly model: string
  readonly bytes: Uint8Array
  readonly signature: Signature
  readonly batchable: boolean
  readonly inputs: NamedTensors
}

/** Values at the edges of each type, an even number of them. */
const EDGES: { readonly [D in DType]: Tensor<D>['data'] } = {
  float32: Float32Array.of(-0, 1.5, 3.402_823_466_385_288_6e38, 1e-45, Number.NaN, Number.NEGATIVE_INFINITY),
  float64: Float64Array.of(-0, 1 / 3, Number.MAX_VALUE, 5e-324, Number.NaN, Number.POSITIVE_INFINITY),
  float16: Uint16Array.of(0x80_00, 0x3c_00, 0x7b_ff, 0x00_01, 0x7e_00, 0xfc_00),
  int8: Int8Array.of(-128, 127),
  int16: Int16Array.of(-32_768, 32_767),
  int32: Int32Array.of(-2_147_483_648, 2_147_483_647),
  int64: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n + 1n, 0n),
  uint8: Uint8Array.of(0, 255),
  uint16: Uint16Array.of(0, 65_535),
  uint32: Uint32Array.of(0, 4_294_967_295),
  uint64: BigUint64Array.of(0n, 2n ** 64n - 1n, 2n ** 53n + 1n, 1n),
  bool: Uint8Array.of(0, 1, 1, 0),
  string: ['', 'plain', 'ä"\\\n', '\u{1f98a}'],
}

/** Puts each row of two behind itself: what comes out is not what went in. */
function doubled(dtype: DType): ConformanceCase {
  const x: TensorSpec = { name: 'x', dtype, shape: ['N', 2] }
  const y: TensorSpec = { name: 'y', dtype, shape: ['N', 4] }
  const data = EDGES[dtype]
  return {
    title: `\`${dtype}\``,
    model: `doubled-${dtype}`,
    bytes: new OnnxBuilder()
      .input('x', dtype, x.shape)
      .output('y', dtype, y.shape)
      .node('Concat', [['x', 'x'], ['y']], { attributes: { axis: 1 } })
      .build(),
    signature: { inputs: [x], outputs: [y] },
    batchable: true,
    inputs: new Map([['x', { dtype, shape: [data.length / 2, 2], data }]]),
  }
}

/** Negates floats of the shape that is given. */
function negated(
  title: string,
  model: string,
  shape: TensorSpec['shape'],
  given: readonly number[],
): ConformanceCase {
  const size = given.reduce((product, one) => product * one, 1)
  const data = Float32Array.from({ length: size }, (_, at) => at + 0.5)
  return {
    ...{ title, model, batchable: false },
    bytes: new OnnxBuilder()
      .input('x', 'float32', shape)
      .output('y', 'float32', shape)
      .node('Neg', [['x'], ['y']])
      .build(),
    signature: {
      inputs: [{ name: 'x', dtype: 'float32', shape }],
      outputs: [{ name: 'y', dtype: 'float32', shape }],
    },
    inputs: new Map([['x', { dtype: 'float32', shape: given, data }]]),
  }
}

/** Inputs and outputs of several types and ranks. */
function several(): ConformanceCase {
  const count: TensorSpec = { name: 'count', dtype: 'int64', shape: ['N'] }
  const names: TensorSpec = { name: 'names', dtype: 'string', shape: ['N', 2] }
  return {
    title: 'several inputs and outputs',
    model: 'several',
    bytes: new OnnxBuilder()
      .input('count', 'int64', count.shape)
      .input('names', 'string', names.shape)
      .output('twice', 'int64', count.shape)
      .output('same', 'string', names.shape)
      .node('Add', [['count', 'count'], ['twice']])
      .node('Identity', [['names'], ['same']])
      .build(),
    signature: {
      inputs: [count, names],
      outputs: [
        { ...count, name: 'twice' },
        { ...names, name: 'same' },
      ],
    },
    batchable: true,
    inputs: new Map<string, Tensor>([
      ['count', { dtype: 'int64', shape: [2], data: BigInt64Array.of(2n ** 60n + 1n, -3n) }],
      ['names', { dtype: 'string', shape: [2, 2], data: ['a', '', 'ü', 'd'] }],
    ]),
  }
}

export const CONFORMANCE_CASES: readonly ConformanceCase[] = [
  ...DTYPES.map(doubled),
  negated('scalar `[]`', 'scalar', [], []),
  negated('fixed shape `[2, 3]`', 'fixed', [2, 3], [2, 3]),
  negated('two dynamic dims `[N, M]`', 'dynamic', ['N', 'M'], [2, 3]),
  negated('no rows: `[0, 3]` of `[N, 3]`', 'no-rows', ['N', 3], [0, 3]),
  negated('empty rows: `[2, 0]` of `[N, M]`', 'dynamic', ['N', 'M'], [2, 0]),
  several(),
]
