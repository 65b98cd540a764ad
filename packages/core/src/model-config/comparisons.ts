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
  const result: Record<string, OutputComparison> = {}
  for (const output of signature.outputs) {
    const declared = config.outputs[output.name]
    const isFloat = FLOATS.has(output.dtype)
    result[output.name] = {
      compare:
        declared?.compare ?? (isFloat ? { kind: 'tolerance', atol: 1e-5, rtol: 1e-3 } : { kind: 'equal' }),
      gate: declared?.gate ?? !isFloat,
    }
  }
  return result
}
