import type { DType, Signature } from '../tensor/tensor.ts'
import type { ModelConfig, OutputComparison } from './schema.ts'
import { suggestComparisons } from './suggest-comparisons.ts'

const FLOATS: ReadonlySet<DType> = new Set<DType>(['float32', 'float64', 'float16'])

/**
 * How each output of a signature is compared: what `model.yaml` says, else what its validation suggested, else by type and name
 * ({@link suggestComparisons}). An output whose comparator `model.yaml` names decides by itself only if it is class-like.
 */
export function outputComparisons(
  signature: Signature,
  config: ModelConfig,
  suggested: Readonly<Record<string, OutputComparison>> = {},
): Readonly<Record<string, OutputComparison>> {
  const byName = suggestComparisons(signature, [])
  // Names come from the model: `fromEntries` makes a key of its own even of `__proto__`, and only own keys are declared.
  return Object.fromEntries(
    signature.outputs.map(({ name, dtype }) => {
      const declared = ownOf(config.outputs, name)
      const fallback = ownOf(suggested, name) ?? ownOf(byName, name)
      const classLike = !FLOATS.has(dtype)
      const compare = declared?.compare ?? fallback?.compare ?? { kind: 'equal' }
      const gate = declared?.compare === undefined ? (fallback?.gate ?? classLike) : classLike
      return [name, { compare, gate: declared?.gate ?? gate }]
    }),
  )
}

function ownOf<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}
