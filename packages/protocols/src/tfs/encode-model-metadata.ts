import type { Signature } from '@understudy/core'
import {
  type SignatureDef,
  type SignatureMappings,
  type SignatureTensor,
  signatureDefs,
} from './signature-defs.ts'
import { TENSORFLOW_TYPES } from './type-names.ts'

function tensorInfo({ spec }: SignatureTensor) {
  const dim = spec.shape.map((size) => ({ size: typeof size === 'number' ? String(size) : '-1', name: '' }))
  return {
    dtype: TENSORFLOW_TYPES[spec.dtype].enumName,
    tensor_shape: { dim, unknown_rank: false },
    name: `${spec.name}:0`,
  }
}

function tensorInfos(tensors: readonly SignatureTensor[]) {
  return Object.fromEntries(tensors.map((tensor) => [tensor.key, tensorInfo(tensor)]))
}

function definition({ inputs, outputs, methodName }: SignatureDef) {
  return {
    inputs: tensorInfos(inputs),
    outputs: tensorInfos(outputs),
    method_name: methodName,
    defaults: {},
  }
}

/** Who answers, and with what signatures; fits the data plane's `VersionDescription`. */
export interface TfsDescription {
  readonly servedBy: { readonly version: number }
  readonly signature: Signature
  readonly signatures: SignatureMappings
}

/** Writes name, version and signatures of one version. Symbolic dimensions are -1; 64-bit integers are strings. */
export function encodeModelMetadata(
  model: string,
  { servedBy, signature, signatures }: TfsDescription,
): string {
  const modelSpec = { name: model, signature_name: '', version: String(servedBy.version) }
  const definitions = signatureDefs(signature, signatures).map((one) => [one.name, definition(one)] as const)
  const signatureDef = { signature_def: Object.fromEntries(definitions) }
  const spec = JSON.stringify(modelSpec, null, 1)
  return `{\n"model_spec":${spec}\n,\n"metadata": {"signature_def": ${JSON.stringify(signatureDef, null, 1)}\n}\n}\n`
}
