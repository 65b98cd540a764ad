import type { Dimension, DType, NamedTensors, Signature, Tensor, TensorSpec } from '../tensor/tensor.ts'
import type { OutputComparison } from './schema.ts'

const FLOATS: ReadonlySet<DType> = new Set<DType>(['float32', 'float64', 'float16'])
const SCORES = /prob|score|logit/i
const VECTORS = /embed|vector/i
/** How far from 1 a row of probabilities may sum: half precision included. */
const SUM_TOLERANCE = 5e-3

/**
 * How each output would be compared if nobody said: by type and name, and by what golden samples show.
 *
 * Class-like outputs (integers, texts, booleans) must be equal and decide; scores over classes must choose the same class and decide. Shown
 * only: embeddings by their direction, lists whose length depends on data (detectors) by their overlap, other floats within tolerance.
 * @param goldenOutputs what the version answered to its golden samples; may be empty.
 */
export function suggestComparisons(
  signature: Signature,
  goldenOutputs: readonly NamedTensors[],
): Readonly<Record<string, OutputComparison>> {
  // Names come from the model: `fromEntries` makes a key of its own even of `__proto__`.
  return Object.fromEntries(
    signature.outputs.map((spec) => {
      const samples = goldenOutputs.flatMap((outputs) => outputs.get(spec.name) ?? [])
      return [spec.name, suggest(signature, spec, samples)]
    }),
  )
}

function suggest(signature: Signature, spec: TensorSpec, samples: readonly Tensor[]): OutputComparison {
  const float = FLOATS.has(spec.dtype)
  const vectors = float && holdsVectors(spec, samples)
  if (vectors && samplesAreProbabilities(samples)) return { compare: { kind: 'argmax' }, gate: true }
  if (dependsOnData(signature, spec)) return { compare: { kind: 'setOverlap', min: 0.9 }, gate: false }
  if (!float) return { compare: { kind: 'equal' }, gate: true }
  if (vectors && VECTORS.test(spec.name)) return { compare: { kind: 'cosine', min: 0.999 }, gate: false }
  if (vectors && SCORES.test(spec.name)) return { compare: { kind: 'argmax' }, gate: true }
  return { compare: { kind: 'tolerance', atol: 1e-5, rtol: 1e-3 }, gate: false }
}

/**
 * Whether a size of the output is decided by what the model finds in its input: an axis after the first that no input names, or a first
 * axis that is open although the input's is not. A first axis with another name is still taken for the batch: exporters name it anew.
 */
function dependsOnData({ inputs }: Signature, { shape }: TensorSpec): boolean {
  const known = new Set<Dimension>(inputs.flatMap((input) => input.shape.filter((size) => size !== '')))
  const open = (size: Dimension | undefined) => typeof size === 'string' && !known.has(size)
  const closedInput = inputs.length > 0 && inputs.every(({ shape: [first] }) => typeof first === 'number')
  return shape.slice(1).some(open) || (closedInput && open(shape[0]))
}

/** Whether the last axis holds several values that belong together, and is not the batch. */
function holdsVectors({ shape }: TensorSpec, samples: readonly Tensor[]): boolean {
  const size = shape.at(-1)
  if (typeof size === 'number') return size >= 2
  return shape.length >= 2 && samples.length > 0 && samples.every((sample) => (sample.shape.at(-1) ?? 0) >= 2)
}

function samplesAreProbabilities(samples: readonly Tensor[]): boolean {
  return samples.length > 0 && samples.every(rowsAreProbabilities)
}

function rowsAreProbabilities({ dtype, shape, data }: Tensor): boolean {
  const width = shape.at(-1) ?? 0
  // Half precision travels as bits; such a model's name has to tell.
  if (dtype === 'float16' || width < 2 || data.length === 0) return false
  for (let from = 0; from < data.length; from += width) {
    let sum = 0
    for (let at = from; at < from + width; at++) {
      const value = Number(data[at])
      if (!(value >= 0 && value <= 1 + SUM_TOLERANCE)) return false
      sum += value
    }
    if (Math.abs(sum - 1) > SUM_TOLERANCE) return false
  }
  return true
}
