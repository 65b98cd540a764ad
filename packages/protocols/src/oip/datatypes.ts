import type { DType } from '@understudy/core'

/** Names of our element types in the Open Inference Protocol. */
export const OIP_DATATYPE = {
  bool: 'BOOL',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  float16: 'FP16',
  float32: 'FP32',
  float64: 'FP64',
  string: 'BYTES',
} as const satisfies Record<DType, string>

export type OipDatatype = (typeof OIP_DATATYPE)[DType]

const DTYPES_BY_NAME: ReadonlyMap<string, DType> = new Map(
  Object.entries(OIP_DATATYPE).map(([dtype, name]) => [name, dtype as DType]),
)

/** The element type of a datatype's name; undefined for any other text, `BF16` included, which no tensor here has. */
export function dtypeOf(datatype: string): DType | undefined {
  return DTYPES_BY_NAME.get(datatype)
}
