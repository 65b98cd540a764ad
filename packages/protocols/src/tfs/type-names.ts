import type { DType } from '@understudy/core'

/** TensorFlow's names of our element types: in messages, and in metadata. */
export const TENSORFLOW_TYPES = {
  float32: { text: 'float', enumName: 'DT_FLOAT' },
  float64: { text: 'double', enumName: 'DT_DOUBLE' },
  float16: { text: 'half', enumName: 'DT_HALF' },
  int8: { text: 'int8', enumName: 'DT_INT8' },
  int16: { text: 'int16', enumName: 'DT_INT16' },
  int32: { text: 'int32', enumName: 'DT_INT32' },
  int64: { text: 'int64', enumName: 'DT_INT64' },
  uint8: { text: 'uint8', enumName: 'DT_UINT8' },
  uint16: { text: 'uint16', enumName: 'DT_UINT16' },
  uint32: { text: 'uint32', enumName: 'DT_UINT32' },
  uint64: { text: 'uint64', enumName: 'DT_UINT64' },
  bool: { text: 'bool', enumName: 'DT_BOOL' },
  string: { text: 'string', enumName: 'DT_STRING' },
} as const satisfies Record<DType, { readonly text: string; readonly enumName: string }>
