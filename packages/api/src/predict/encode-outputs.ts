import type { DType, NamedTensors, Tensor } from '@understudy/core'
import { decodeFloat16 } from '@understudy/protocols'

/** One output, flat and row-major. What JSON has no number for (NaN, infinities, integers beyond 2^53) is text. */
export interface OutputTensor {
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly data: readonly (number | string | boolean)[]
}

function plain(value: number | bigint | string, dtype: DType): number | string | boolean {
  if (typeof value === 'string') return value
  if (dtype === 'bool') return value !== 0
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : String(value)
  }
  const number = dtype === 'float16' ? decodeFloat16(value) : value
  return Number.isFinite(number) ? number : String(number)
}

function encodeTensor({ dtype, shape, data }: Tensor): OutputTensor {
  const values = new Array<number | string | boolean>(data.length)
  for (let at = 0; at < data.length; at += 1) values[at] = plain(data[at] ?? 0, dtype)
  return { dtype, shape, data: values }
}

/** Outputs by name as plain JSON. */
export function encodeOutputs(outputs: NamedTensors): Record<string, OutputTensor> {
  return Object.fromEntries([...outputs].map(([name, tensor]) => [name, encodeTensor(tensor)]))
}
