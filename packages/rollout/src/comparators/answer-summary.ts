import { type NamedTensors, rowCount, type Tensor } from '@understudy/core'
import { float16ToNumber } from './float16.ts'

const OUTPUTS_MAX = 16
const VALUES_MAX = 32
const TEXT_LENGTH_MAX = 120

/** What one version answered in one row of one output, short enough to keep and show. JSON-safe. */
export interface OutputSummary {
  readonly output: string
  readonly dtype: string
  readonly shape: readonly number[]
  /** The first values of the row. What JSON has no number for (NaN, infinity, 64-bit integers) is text. */
  readonly values: readonly (number | string)[]
}

/** One row of the first outputs. The whole output where it does not begin with the batch axis. */
export function summarizeRow(outputs: NamedTensors, row: number, rows: number): readonly OutputSummary[] {
  return [...outputs].slice(0, OUTPUTS_MAX).map(([output, tensor]) => {
    const batched = rows > 1 && rowCount(tensor) === rows
    const rowSize = batched ? tensor.data.length / rows : tensor.data.length
    const from = batched ? row * rowSize : 0
    return {
      output,
      dtype: tensor.dtype,
      shape: batched ? tensor.shape.slice(1) : tensor.shape,
      values: shownValues(tensor, from, from + Math.min(rowSize, VALUES_MAX)),
    }
  })
}

function shownValues({ dtype, data }: Tensor, from: number, to: number): readonly (number | string)[] {
  const values: (number | string)[] = []
  for (let at = from; at < to; at++) {
    const value = data[at]
    if (typeof value === 'string') values.push(value.slice(0, TEXT_LENGTH_MAX))
    else if (typeof value === 'number') {
      const number = dtype === 'float16' ? float16ToNumber(value) : value
      values.push(Number.isFinite(number) ? number : String(number))
    } else values.push(String(value))
  }
  return values
}
