import type { OutcomeTruth, Tensor } from '@understudy/core'
import { lossOf, type OutputRow, type Prediction, predictedOf } from '@understudy/rollout'
import type { ModelQuality } from './quality-policies.ts'

/** What a kept answer predicts; null when the output is missing or holds no single prediction. */
export function predictionOfAnswer(
  answer: unknown,
  { policy, labels = [] }: ModelQuality,
): Prediction | null {
  const tensor = tensorOf(answer, policy.output)
  if (tensor === null) return null
  // Several numbers are scores of classes; a distance to them would be none.
  const comparison =
    policy.loss === 'zeroOne' ? { compare: { kind: 'argmax' as const }, gate: true } : undefined
  return predictedOf(new Map([[policy.output, tensor]]), {
    ...{ output: policy.output, comparison, row: 0, rows: 1, classLabels: labels },
  })
}

/** The loss of a kept answer, 0 to 1; null when it cannot be compared with what was reported. */
export function lossOfAnswer(answer: unknown, truth: OutcomeTruth, quality: ModelQuality): number | null {
  const prediction = predictionOfAnswer(answer, quality)
  if (prediction === null) return null
  return lossOf(prediction, alignedTruth(truth, prediction, quality.labels ?? []), quality.policy)
}

/** A label in the form in which the prediction says it: a boolean or the index of a class is a number where classes have names. */
function alignedTruth(truth: OutcomeTruth, prediction: Prediction, labels: readonly string[]): OutcomeTruth {
  if (!('label' in truth) || truth.label === prediction.label || labels.includes(truth.label)) return truth
  if (typeof prediction.value !== 'number') return truth
  if (truth.label === 'true' || truth.label === 'false') return { value: Number(truth.label === 'true') }
  const index = /^\d{1,6}$/.test(truth.label) ? Number(truth.label) : Number.NaN
  return index < labels.length ? { value: index } : truth
}

/** The tensor that one row was, as far as predictions are read out of it. What is stored came from a model: anything may stand there. */
function tensorOf(answer: unknown, output: string): Tensor | null {
  const row = isObject(answer) && Object.hasOwn(answer, output) ? answer[output] : undefined
  if (!isOutputRow(row)) return null
  const { dtype, shape, values } = row
  if (dtype === 'string') return { dtype, shape, data: values.map(String) }
  if (dtype.startsWith('float')) return { dtype: 'float64', shape, data: Float64Array.from(values, Number) }
  try {
    const whole = values.map((value) => BigInt(value))
    return dtype === 'uint64'
      ? { dtype, shape, data: BigUint64Array.from(whole) }
      : { dtype: 'int64', shape, data: BigInt64Array.from(whole) }
  } catch {
    return null
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isOutputRow(value: unknown): value is OutputRow {
  return (
    isObject(value) &&
    typeof value.dtype === 'string' &&
    Array.isArray(value.shape) &&
    value.shape.every((size) => typeof size === 'number') &&
    Array.isArray(value.values) &&
    value.values.every((one) => ['number', 'string', 'boolean'].includes(typeof one))
  )
}
