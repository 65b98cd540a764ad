import { fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { expect, it } from 'vitest'
import { DescriptorIndex } from './descriptor-index.ts'

const index = new DescriptorIndex()
const names = (files: readonly Uint8Array[] | undefined) =>
  files?.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name)

it('gives a file with all that it imports, itself first', () => {
  expect(names(index.file('grpc_service.proto'))).toEqual(['grpc_service.proto', 'model_config.proto'])
  const predict = names(index.file('tensorflow_serving/apis/predict.proto'))
  expect(predict?.[0]).toBe('tensorflow_serving/apis/predict.proto')
  expect(predict).toContain('tensorflow/core/framework/types.proto')
  expect(predict).toContain('google/protobuf/wrappers.proto')
  expect(new Set(predict).size).toBe(predict?.length)
})

it.each([
  ['inference.GRPCInferenceService', 'grpc_service.proto'],
  ['inference.GRPCInferenceService.ModelInfer', 'grpc_service.proto'],
  ['inference.ModelInferRequest.InferInputTensor', 'grpc_service.proto'],
  ['inference.ModelInferRequest.id', 'grpc_service.proto'],
  ['tensorflow.TensorProto', 'tensorflow/core/framework/tensor.proto'],
  ['tensorflow.serving.PredictionService', 'tensorflow_serving/apis/prediction_service.proto'],
  ['grpc.health.v1.Health', 'grpc/health/v1/health.proto'],
])('finds %s', (symbol, file) => {
  expect(names(index.fileOf(symbol))?.[0]).toBe(file)
})

it.each(['', '.', 'nothing', 'inference', 'inference.Nothing'])('knows no "%s"', (name) => {
  expect(index.fileOf(name)).toBeUndefined()
  expect(index.file(name)).toBeUndefined()
  expect(index.hasMessage(name)).toBe(false)
})
