import { type NamedTensors, PlatformError } from '@understudy/core'
import { malformed } from './element-errors.ts'
import type { PredictForm } from './predict-body.ts'
import { TensorWriter } from './write-tensor.ts'

/** Size of the batch axis that all outputs share. */
function batchSize(outputs: NamedTensors): number {
  let rows: number | undefined
  for (const [name, tensor] of outputs) {
    const own = tensor.shape[0]
    if (own === undefined) throw malformed(`Tensor name: ${name} has no shape information`)
    if (rows !== undefined && rows !== own) {
      throw malformed(`Tensor name: ${name} has inconsistent batch size: ${own} expecting: ${rows}`)
    }
    rows = own
  }
  return rows ?? 0
}

function encodeRows(outputs: NamedTensors): string {
  const rows = batchSize(outputs)
  const writers = [...outputs].map(([name, tensor]) => ({
    key: `${JSON.stringify(name)}:`,
    writer: new TensorWriter(name, tensor),
  }))
  const named = writers.length > 1
  let text = '{"predictions":['
  for (let row = 0; row < rows; row += 1) {
    text += row > 0 ? ',' : ''
    text += named ? '{' : ''
    for (let index = 0; index < writers.length; index += 1) {
      const output = writers[index]
      if (output === undefined) continue
      if (named) text += index > 0 ? `,${output.key}` : output.key
      text += output.writer.next(1)
    }
    text += named ? '}' : ''
  }
  return `${text}]}`
}

function encodeColumns(outputs: NamedTensors): string {
  const columns = [...outputs].map(([name, tensor]) => ({
    name,
    value: new TensorWriter(name, tensor).next(0),
  }))
  const [first] = columns
  if (columns.length === 1 && first !== undefined) return `{"outputs":${first.value}}`
  const members = columns.map(({ name, value }) => `${JSON.stringify(name)}:${value}`)
  return `{"outputs":{${members.join(',')}}}`
}

/**
 * Writes the answer of `:predict` in the form of its request: `predictions` by row, or `outputs` by column. The name of a
 * single output is dropped.
 *
 * Floats are written as TensorFlow Serving writes them, so the text may hold bare `NaN` and `Infinity`.
 * @throws PlatformError `request.malformed` when the row form cannot hold the outputs
 */
export function encodePredictResponse(outputs: NamedTensors, form: PredictForm): string {
  if (outputs.size === 0) {
    throw new PlatformError('platform.unexpected', 'Cannot convert empty tensor map to JSON')
  }
  return form === 'row' ? encodeRows(outputs) : encodeColumns(outputs)
}
