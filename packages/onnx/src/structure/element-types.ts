import type { DType } from '@understudy/core'

/** `TensorProto.DataType` of ONNX to the types of the platform; what is missing is not served. */
export const DTYPE_BY_ELEMENT_TYPE: Readonly<Record<number, DType>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  8: 'string',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  12: 'uint32',
  13: 'uint64',
}

const OTHER_NAMES: Readonly<Record<number, string>> = {
  0: 'of no type',
  14: 'complex64',
  15: 'complex128',
  16: 'bfloat16',
  17: 'float8e4m3fn',
  18: 'float8e4m3fnuz',
  19: 'float8e5m2',
  20: 'float8e5m2fnuz',
  21: 'uint4',
  22: 'int4',
  23: 'float4e2m1',
}

/** Name of an element type for messages. */
export function elementTypeName(elementType: number): string {
  return DTYPE_BY_ELEMENT_TYPE[elementType] ?? OTHER_NAMES[elementType] ?? `type ${elementType}`
}
