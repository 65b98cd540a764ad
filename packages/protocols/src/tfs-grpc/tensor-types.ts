import type { DType } from '@understudy/core'

/** TensorFlow's number of an element type, and the field of `TensorProto` that lists elements of it. */
export const TENSOR_TYPES = {
  float32: { dataType: 1, listField: 5 },
  float64: { dataType: 2, listField: 6 },
  int32: { dataType: 3, listField: 7 },
  uint8: { dataType: 4, listField: 7 },
  int16: { dataType: 5, listField: 7 },
  int8: { dataType: 6, listField: 7 },
  string: { dataType: 7, listField: 8 },
  int64: { dataType: 9, listField: 10 },
  bool: { dataType: 10, listField: 11 },
  uint16: { dataType: 17, listField: 7 },
  float16: { dataType: 19, listField: 13 },
  uint32: { dataType: 22, listField: 16 },
  uint64: { dataType: 23, listField: 17 },
} as const satisfies Record<DType, { readonly dataType: number; readonly listField: number }>

const DTYPES: readonly (DType | undefined)[] = dtypesByNumber()

/** Types that no tensor here has. */
const FOREIGN: Readonly<Record<number, string>> = {
  8: 'DT_COMPLEX64',
  11: 'DT_QINT8',
  12: 'DT_QUINT8',
  13: 'DT_QINT32',
  14: 'DT_BFLOAT16',
  15: 'DT_QINT16',
  16: 'DT_QUINT16',
  18: 'DT_COMPLEX128',
  20: 'DT_RESOURCE',
  21: 'DT_VARIANT',
}

function dtypesByNumber(): readonly (DType | undefined)[] {
  const found: (DType | undefined)[] = []
  for (const [dtype, { dataType }] of Object.entries(TENSOR_TYPES)) found[dataType] = dtype as DType
  return found
}

/** The element type of TensorFlow's number; undefined for one that no tensor here has. */
export function dtypeOfNumber(dataType: number): DType | undefined {
  return DTYPES[dataType]
}

/** What a type that no tensor here has is called. */
export function foreignTypeName(dataType: number): string {
  return FOREIGN[dataType] ?? `DataType ${dataType}`
}

/** Names of the fields of `TensorProto` that list elements. */
export const LIST_FIELD_NAMES: Readonly<Record<number, string>> = {
  5: 'float_val',
  6: 'double_val',
  7: 'int_val',
  8: 'string_val',
  9: 'scomplex_val',
  10: 'int64_val',
  11: 'bool_val',
  12: 'dcomplex_val',
  13: 'half_val',
  14: 'resource_handle_val',
  15: 'variant_val',
  16: 'uint32_val',
  17: 'uint64_val',
}
