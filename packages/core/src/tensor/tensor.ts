/** Element types of tensors, by ONNX Runtime's names. `bool` is one byte 0 or 1; `float16` travels as its 16 bits. */
export const DTYPES = [
  'float32',
  'float64',
  'float16',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'bool',
  'string',
] as const
export type DType = (typeof DTYPES)[number]

export interface TensorDataByType {
  float32: Float32Array
  float64: Float64Array
  float16: Uint16Array
  int8: Int8Array
  int16: Int16Array
  int32: Int32Array
  int64: BigInt64Array
  uint8: Uint8Array
  uint16: Uint16Array
  uint32: Uint32Array
  uint64: BigUint64Array
  bool: Uint8Array
  string: readonly string[]
}
export type TensorData = TensorDataByType[DType]

/** A dense tensor in row-major order; `data` holds exactly the product of `shape` elements (1 for a scalar, shape `[]`). */
export interface Tensor<D extends DType = DType> {
  readonly dtype: D
  readonly shape: readonly number[]
  readonly data: TensorDataByType[D]
}

/** Tensors by name, in the order of the signature. */
export type NamedTensors = ReadonlyMap<string, Tensor>

/** One dimension of a signature: a fixed size, or the name of a symbolic one (empty when the model gives none). */
export type Dimension = number | string

export interface TensorSpec {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly Dimension[]
}

/** Inputs and outputs of a version, in the order of the graph. */
export interface Signature {
  readonly inputs: readonly TensorSpec[]
  readonly outputs: readonly TensorSpec[]
}

export const BYTES_PER_ELEMENT = {
  float32: 4,
  float64: 8,
  float16: 2,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  bool: 1,
} as const satisfies Record<Exclude<DType, 'string'>, number>

/** Number of elements of a shape. */
export function elementCount(shape: readonly number[]): number {
  let count = 1
  for (const size of shape) count *= size
  return count
}

export type NumericDType = Exclude<DType, 'string'>
export type NumericData = Exclude<TensorData, readonly string[]>

/** `length` elements of a type in memory that is there already. `byteOffset` is a multiple of the size of an element. */
export function viewData(
  dtype: NumericDType,
  buffer: ArrayBufferLike,
  byteOffset: number,
  length: number,
): NumericData {
  switch (dtype) {
    case 'float32':
      return new Float32Array(buffer, byteOffset, length)
    case 'float64':
      return new Float64Array(buffer, byteOffset, length)
    case 'float16':
    case 'uint16':
      return new Uint16Array(buffer, byteOffset, length)
    case 'int8':
      return new Int8Array(buffer, byteOffset, length)
    case 'int16':
      return new Int16Array(buffer, byteOffset, length)
    case 'int32':
      return new Int32Array(buffer, byteOffset, length)
    case 'int64':
      return new BigInt64Array(buffer, byteOffset, length)
    case 'uint8':
    case 'bool':
      return new Uint8Array(buffer, byteOffset, length)
    case 'uint32':
      return new Uint32Array(buffer, byteOffset, length)
    case 'uint64':
      return new BigUint64Array(buffer, byteOffset, length)
  }
}

/** A zeroed store for `length` elements of a type. */
export function allocateData(dtype: DType, length: number): TensorData {
  switch (dtype) {
    case 'float32':
      return new Float32Array(length)
    case 'float64':
      return new Float64Array(length)
    case 'float16':
    case 'uint16':
      return new Uint16Array(length)
    case 'int8':
      return new Int8Array(length)
    case 'int16':
      return new Int16Array(length)
    case 'int32':
      return new Int32Array(length)
    case 'int64':
      return new BigInt64Array(length)
    case 'uint8':
    case 'bool':
      return new Uint8Array(length)
    case 'uint32':
      return new Uint32Array(length)
    case 'uint64':
      return new BigUint64Array(length)
    case 'string':
      return new Array<string>(length).fill('')
  }
}

/** Text of a specification for messages: `float32 [N, 4]`. */
export function describeSpec(spec: Pick<TensorSpec, 'dtype' | 'shape'>): string {
  return `${spec.dtype} [${spec.shape.map((size) => (size === '' ? '?' : size)).join(', ')}]`
}
