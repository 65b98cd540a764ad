import {
  GetModelMetadataResponse,
  SignatureDefMap,
} from '../generated/tensorflow_serving/apis/get_model_metadata.ts'
import type { TfsDescription } from '../tfs/encode-model-metadata.ts'
import { type SignatureDef, type SignatureTensor, signatureDefs } from '../tfs/signature-defs.ts'
import { TENSOR_TYPES } from './tensor-types.ts'

/** The only kind of metadata that there is. */
export const SIGNATURE_DEF = 'signature_def'
const SIGNATURE_DEF_TYPE = 'type.googleapis.com/tensorflow.serving.SignatureDefMap'
const ANY_SIZE = -1n

function tensorInfo({ spec }: SignatureTensor) {
  const dim = spec.shape.map((size) => ({
    size: typeof size === 'number' ? BigInt(size) : ANY_SIZE,
    name: '',
  }))
  return {
    encoding: { $case: 'name' as const, value: `${spec.name}:0` },
    dtype: TENSOR_TYPES[spec.dtype].dataType,
    tensorShape: { dim, unknownRank: false },
  }
}

function tensorInfos(tensors: readonly SignatureTensor[]) {
  return new Map(tensors.map((tensor) => [tensor.key, tensorInfo(tensor)]))
}

function definition({ inputs, outputs, methodName }: SignatureDef) {
  return { inputs: tensorInfos(inputs), outputs: tensorInfos(outputs), methodName, defaults: new Map() }
}

/** Writes a `GetModelMetadataResponse`: name, version and signatures. Symbolic dimensions are -1. */
export function encodeMetadataAnswer(model: string, description: TfsDescription): Uint8Array {
  const { servedBy, signature, signatures } = description
  const signatureDef = new Map(
    signatureDefs(signature, signatures).map((one) => [one.name, definition(one)] as const),
  )
  const value = SignatureDefMap.encode({ signatureDef }).finish()
  return GetModelMetadataResponse.encode({
    modelSpec: {
      name: model,
      versionChoice: { $case: 'version', value: BigInt(servedBy.version) },
      signatureName: '',
    },
    metadata: new Map([[SIGNATURE_DEF, { typeUrl: SIGNATURE_DEF_TYPE, value }]]),
  }).finish()
}
