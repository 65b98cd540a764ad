import type { NamedTensors, OutputComparison, Tensor } from '@understudy/core'
import { float16ToNumber } from './float16.ts'

/** What a version predicted in one row, in the form in which outcomes are reported. JSON-safe. */
export interface Prediction {
  /** The class by name; null for a number that is no class. */
  readonly label: string | null
  /** The number, or the index of the class; null for text. Text where JSON has no number for it (NaN, infinity). */
  readonly value: number | 'NaN' | 'Infinity' | '-Infinity' | null
}

/** Which prediction is read out of an answer. */
export interface PredictionPlace {
  readonly output: string
  /** How the output is compared: under `argmax` and `topK` it holds scores, of which the greatest is the prediction. */
  readonly comparison: OutputComparison | undefined
  readonly row: number
  /** Size of the batch axis, 1 where there is none. */
  readonly rows: number
  /** Names of the classes along the last axis, from `model.yaml`. */
  readonly classLabels: readonly string[]
}

/**
 * What an answer says in one row of one output; null when there is no such row, or when it does not hold one prediction (several vectors,
 * several numbers, scores with NaN).
 */
export function predictedOf(outputs: NamedTensors, place: PredictionPlace): Prediction | null {
  const tensor = outputs.get(place.output)
  if (tensor === undefined) return null
  const batched = place.rows > 1 && tensor.shape[0] === place.rows
  const size = batched ? tensor.data.length / place.rows : tensor.data.length
  const from = batched ? place.row * size : 0
  if (size === 0 || from + size > tensor.data.length) return null
  const kind = place.comparison?.compare.kind
  if ((kind === 'argmax' || kind === 'topK') && size > 1) {
    return (tensor.shape.at(-1) ?? 1) === size ? classOf(tensor, { from, size }, place.classLabels) : null
  }
  return size === 1 ? elementOf(tensor, from, place.classLabels) : null
}

function classOf(
  tensor: Tensor,
  { from, size }: { readonly from: number; readonly size: number },
  labels: readonly string[],
): Prediction | null {
  if (tensor.dtype === 'string') return null
  let [best, index] = [Number.NEGATIVE_INFINITY, 0]
  for (let at = 0; at < size; at++) {
    const value = numberAt(tensor, from + at)
    if (Number.isNaN(value)) return null
    if (value <= best) continue
    best = value
    index = at
  }
  return { label: labels[index] ?? String(index), value: index }
}

function elementOf(tensor: Tensor, at: number, labels: readonly string[]): Prediction | null {
  const { dtype, data } = tensor
  const element = data[at]
  if (typeof element === 'string') return { label: element, value: null }
  const value = numberAt(tensor, at)
  if (dtype === 'float16' || dtype === 'float32' || dtype === 'float64')
    return { label: null, value: jsonNumber(value) }
  // A 64-bit integer keeps all its digits in its name.
  return { label: labels[value] ?? String(element), value }
}

function numberAt({ dtype, data }: Tensor, at: number): number {
  const value = Number(data[at])
  return dtype === 'float16' ? float16ToNumber(value) : value
}

function jsonNumber(value: number): Prediction['value'] {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Number.POSITIVE_INFINITY) return 'Infinity'
  return value === Number.NEGATIVE_INFINITY ? '-Infinity' : value
}
