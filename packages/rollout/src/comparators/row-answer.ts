import { type NamedTensors, rowCount, type Tensor } from '@understudy/core'
import { float16ToNumber } from './float16.ts'

/** What one version answered in one row of one output: all of it. JSON-safe. */
export interface OutputRow {
  readonly dtype: string
  /** Of the row: without the batch axis. */
  readonly shape: readonly number[]
  /** In row-major order. What JSON has no number for (NaN, infinity, 64-bit integers) is text. */
  readonly values: readonly (number | string | boolean)[]
}

/** Longest JSON text of an answer that is kept. */
export const ROW_ANSWER_CHARS_MAX = 4_096
/** A value and a comma. */
const CHARS_OF_VALUE_MIN = 2

/**
 * One row of all outputs as JSON, `{"<output>": {dtype, shape, values}}`; null where that is longer than is kept. An output without the
 * batch axis belongs to every row.
 */
export function rowAnswer(outputs: NamedTensors, row: number, rows: number): string | null {
  const answer: Record<string, OutputRow> = {}
  let values = 0
  for (const [output, tensor] of outputs) {
    const batched = rows > 1 && rowCount(tensor) === rows
    const size = batched ? tensor.data.length / rows : tensor.data.length
    values += size
    if (values * CHARS_OF_VALUE_MIN > ROW_ANSWER_CHARS_MAX) return null
    const from = batched ? row * size : 0
    const shape = batched || (rows === 1 && rowCount(tensor) === 1) ? tensor.shape.slice(1) : tensor.shape
    answer[output] = { dtype: tensor.dtype, shape, values: jsonValues(tensor, from, from + size) }
  }
  const text = JSON.stringify(answer)
  return text.length > ROW_ANSWER_CHARS_MAX ? null : text
}

function jsonValues(
  { dtype, data }: Tensor,
  from: number,
  to: number,
): readonly (number | string | boolean)[] {
  const values: (number | string | boolean)[] = []
  for (let at = from; at < to; at++) {
    const value = data[at]
    if (dtype === 'bool') values.push(value === 1)
    else if (typeof value === 'number') {
      const number = dtype === 'float16' ? float16ToNumber(value) : value
      values.push(Number.isFinite(number) ? number : String(number))
    } else values.push(String(value))
  }
  return values
}
