import type { Signature, TensorSpec } from '@understudy/core'
import { DEFAULT_SIGNATURE } from './decode-predict-body.ts'
import { TENSORFLOW_TYPES } from './type-names.ts'

function tensorInfo(spec: TensorSpec) {
  const dim = spec.shape.map((size) => ({ size: typeof size === 'number' ? String(size) : '-1', name: '' }))
  return {
    dtype: TENSORFLOW_TYPES[spec.dtype].enumName,
    tensor_shape: { dim, unknown_rank: false },
    name: `${spec.name}:0`,
  }
}

function tensorInfos(specs: readonly TensorSpec[]) {
  return Object.fromEntries(specs.map((spec) => [spec.name, tensorInfo(spec)]))
}

/** Writes name, version and signature of one version. Symbolic dimensions are -1; 64-bit integers are strings. */
export function encodeModelMetadata(model: string, version: number, signature: Signature): string {
  const modelSpec = { name: model, signature_name: '', version: String(version) }
  const signatureDef = {
    signature_def: {
      [DEFAULT_SIGNATURE]: {
        inputs: tensorInfos(signature.inputs),
        outputs: tensorInfos(signature.outputs),
        method_name: 'tensorflow/serving/predict',
        defaults: {},
      },
    },
  }
  const spec = JSON.stringify(modelSpec, null, 1)
  return `{\n"model_spec":${spec}\n,\n"metadata": {"signature_def": ${JSON.stringify(signatureDef, null, 1)}\n}\n}\n`
}
