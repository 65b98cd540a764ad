import { ModelInferRequest, ModelInferResponse } from '@understudy/protocols/generated/grpc_service'
import { TensorProto } from '@understudy/protocols/generated/tensorflow/core/framework/tensor'
import { DataType } from '@understudy/protocols/generated/tensorflow/core/framework/types'
import {
  PredictRequest,
  PredictResponse,
} from '@understudy/protocols/generated/tensorflow_serving/apis/predict'

/** Methods that are measured. */
export const GRPC_METHODS = {
  oip: {
    path: '/inference.GRPCInferenceService/ModelInfer',
    request: ModelInferRequest,
    response: ModelInferResponse,
  },
  tfs: {
    path: '/tensorflow.serving.PredictionService/Predict',
    request: PredictRequest,
    response: PredictResponse,
  },
} as const

export type GrpcMethod = keyof typeof GRPC_METHODS

/** One row of numbers for the input `x` of a model, as the bytes of a message. Numbers are raw bytes in both. */
export function grpcRequest(method: GrpcMethod, model: string, row: readonly number[]): Uint8Array {
  const data = new Uint8Array(Float32Array.from(row).buffer)
  const shape = [1, row.length]
  return method === 'oip' ? inferRequest(model, shape, data) : predictMessage(model, shape, data)
}

function inferRequest(modelName: string, shape: readonly number[], data: Uint8Array): Uint8Array {
  const x = { name: 'x', datatype: 'FP32', parameters: new Map(), contents: undefined }
  return ModelInferRequest.encode({
    ...{ modelName, modelVersion: '', id: '', parameters: new Map(), outputs: [] },
    inputs: [{ ...x, shape: shape.map(BigInt) }],
    rawInputContents: [data],
  }).finish()
}

function predictMessage(name: string, shape: readonly number[], tensorContent: Uint8Array): Uint8Array {
  const x = {
    ...TensorProto.decode(new Uint8Array(0)),
    dtype: DataType.DT_FLOAT,
    tensorShape: { dim: shape.map((size) => ({ size: BigInt(size), name: '' })), unknownRank: false },
    tensorContent,
  }
  return PredictRequest.encode({
    modelSpec: { name, versionChoice: undefined, signatureName: '' },
    inputs: new Map([['x', x]]),
    outputFilter: [],
    predictStreamedOptions: undefined,
  }).finish()
}
