import type { DType, Signature } from '../tensor/tensor.ts'
import type { ModelConfig, OutputComparison } from './schema.ts'

const FLOATS: ReadonlySet<DType> = new Set<DType>(['float32', 'float64', 'float16'])

/**
 * How each output of a signature is compared: what `model.yaml` says, else by type.
 *
 * Class-like outputs (integers, strings, booleans) must be equal and decide; floats are compared within tolerance and only shown.
 */
export function outputComparisons(
  signature: Signature,
  config: ModelConfig,
): Readonly<Record<string, OutputComparison>> {
  // Names come from the model: `fromEntries` makes a key of its own even of `__proto__`, and only own keys are declared.
  return Object.fromEntries(
    signature.outputs.map(({ name, dtype }) => {
      const declared = Object.hasOwn(config.outputs, name) ? config.outputs[name] : undefined
      return [name, comparisonOf(FLOATS.has(dtype), declared)]
    }),
  )
}

function comparisonOf(
  isFloat: boolean,
  declared: ModelConfig['outputs'][string] | undefined,
): OutputComparison {
  const byType: OutputComparison['compare'] = isFloat
    ? { kind: 'tolerance', atol: 1e-5, rtol: 1e-3 }
    : { kind: 'equal' }
  return { compare: declared?.compare ?? byType, gate: declared?.gate ?? !isFloat }
}
