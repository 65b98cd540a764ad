import type { DType, Tensor } from '@understudy/core'
import { OIP_DATATYPE } from '@understudy/protocols'
import {
  type InferParameter,
  InferTensorContents,
  ModelInferRequest,
  ModelInferResponse,
} from '@understudy/protocols/generated/grpc_service'
import { TensorProto } from '@understudy/protocols/generated/tensorflow/core/framework/tensor'
import { DataType } from '@understudy/protocols/generated/tensorflow/core/framework/types'
import {
  PredictRequest,
  PredictResponse,
} from '@understudy/protocols/generated/tensorflow_serving/apis/predict'
import type { RigNode } from '@understudy/testing'
import { grpcCall } from '../grpc-call.ts'
import type { ConformanceCase } from './conformance-cases.ts'
import { type Answer, type Encoding, refused } from './encodings.ts'
import { fromBytes, fromElements, toBytes } from './tensor-bytes.ts'

const TF_TYPE = {
  float32: ['DT_FLOAT', 'floatVal'],
  float64: ['DT_DOUBLE', 'doubleVal'],
  float16: ['DT_HALF', 'halfVal'],
  int8: ['DT_INT8', 'intVal'],
  int16: ['DT_INT16', 'intVal'],
  int32: ['DT_INT32', 'intVal'],
  int64: ['DT_INT64', 'int64Val'],
  uint8: ['DT_UINT8', 'intVal'],
  uint16: ['DT_UINT16', 'intVal'],
  uint32: ['DT_UINT32', 'uint32Val'],
  uint64: ['DT_UINT64', 'uint64Val'],
  bool: ['DT_BOOL', 'boolVal'],
  string: ['DT_STRING', 'stringVal'],
} as const satisfies Record<DType, readonly [keyof typeof DataType, keyof TensorProto]>

const OIP_FIELD = {
  ...{ float32: 'fp32Contents', float64: 'fp64Contents', float16: 'fp32Contents', bool: 'boolContents' },
  ...{ int8: 'intContents', int16: 'intContents', int32: 'intContents', int64: 'int64Contents' },
  ...{ uint8: 'uintContents', uint16: 'uintContents', uint32: 'uintContents', uint64: 'uint64Contents' },
  string: 'bytesContents',
} as const satisfies Record<DType, keyof InferTensorContents>

/** Elements as the lists of both protocols hold them. */
function elementsOf({ dtype, data }: Tensor): unknown[] {
  if (dtype === 'string') return (data as readonly string[]).map((text) => Buffer.from(text, 'utf8'))
  if (dtype === 'bool') return Array.from(data as Uint8Array, (value) => value === 1)
  return Array.from(data as Float32Array)
}

function tensorOfElements(dtype: DType, shape: readonly bigint[], elements: readonly unknown[]): Tensor {
  const plain = elements.map((one) => (one instanceof Uint8Array ? Buffer.from(one).toString('utf8') : one))
  return fromElements(dtype, shape.map(Number), plain as (number | bigint | boolean | string)[])
}

function tensorProto(tensor: Tensor, form: 'content' | 'values'): TensorProto {
  const [type, field] = TF_TYPE[tensor.dtype]
  const empty = TensorProto.decode(new Uint8Array())
  const dim = tensor.shape.map((size) => ({ size: BigInt(size), name: '' }))
  const head = { ...empty, dtype: DataType[type], tensorShape: { dim, unknownRank: false } }
  if (form === 'content') return { ...head, tensorContent: toBytes(tensor) }
  return { ...head, [field]: elementsOf(tensor) }
}

function tensorOfProto(dtype: DType, proto: TensorProto): Tensor {
  const shape = proto.tensorShape?.dim.map(({ size }) => size) ?? []
  if (proto.tensorContent.length > 0) return fromBytes(dtype, shape.map(Number), proto.tensorContent)
  return tensorOfElements(dtype, shape, proto[TF_TYPE[dtype][1]])
}

function tfServing(form: 'content' | 'values', name: string): Encoding {
  return {
    protocol: 'TensorFlow Serving gRPC',
    name,
    async ask(node, { model, inputs, signature }) {
      const request: PredictRequest = {
        ...PredictRequest.decode(new Uint8Array()),
        modelSpec: { name: model, versionChoice: undefined, signatureName: '' },
        inputs: new Map([...inputs].map(([input, tensor]) => [input, tensorProto(tensor, form)])),
      }
      const path = '/tensorflow.serving.PredictionService/Predict'
      const answer = await grpcCall(node.grpcPort, path, [PredictRequest, PredictResponse], request)
      if ('status' in answer) return refused(answer.status, answer.details)
      const outputs = signature.outputs.map(({ name: output, dtype }) => {
        const proto = answer.message.outputs.get(output)
        if (proto === undefined) throw new Error(`there is no output ${output}`)
        return [output, tensorOfProto(dtype, proto)] as const
      })
      return { kind: 'answered', outputs: new Map(outputs) }
    },
  }
}

function inferRequest({ model, inputs }: ConformanceCase, isTyped: boolean): ModelInferRequest {
  return {
    ...ModelInferRequest.decode(new Uint8Array()),
    modelName: model,
    parameters: isTyped
      ? new Map([
          ['binary_data_output', { parameterChoice: { $case: 'boolParam', value: false } } as InferParameter],
        ])
      : new Map(),
    inputs: [...inputs].map(([name, tensor]) => ({
      name,
      datatype: OIP_DATATYPE[tensor.dtype],
      shape: tensor.shape.map(BigInt),
      parameters: new Map(),
      contents: isTyped
        ? { ...InferTensorContents.decode(new Uint8Array()), [OIP_FIELD[tensor.dtype]]: elementsOf(tensor) }
        : undefined,
    })),
    rawInputContents: isTyped ? [] : [...inputs.values()].map(toBytes),
  }
}

async function modelInfer(node: RigNode, one: ConformanceCase, isTyped: boolean): Promise<Answer> {
  const path = '/inference.GRPCInferenceService/ModelInfer'
  const types = [ModelInferRequest, ModelInferResponse] as const
  const answer = await grpcCall(node.grpcPort, path, types, inferRequest(one, isTyped))
  if ('status' in answer) return refused(answer.status, answer.details)
  const { outputs, rawOutputContents } = answer.message
  const tensors = outputs.map(({ name, shape, contents }, at) => {
    const dtype = one.signature.outputs.find((spec) => spec.name === name)?.dtype ?? 'float32'
    const raw = rawOutputContents[at]
    if (raw !== undefined) return [name, fromBytes(dtype, shape.map(Number), raw)] as const
    return [name, tensorOfElements(dtype, shape, contents?.[OIP_FIELD[dtype]] ?? [])] as const
  })
  return { kind: 'answered', outputs: new Map(tensors) }
}

export const GRPC_ENCODINGS: readonly Encoding[] = [
  tfServing('content', '`tensor_content`'),
  tfServing('values', '`*_val`'),
  ...(['typed', 'raw'] as const).map(
    (name): Encoding => ({
      protocol: 'Open Inference Protocol gRPC',
      name,
      ask: (node, one) => modelInfer(node, one, name === 'typed'),
    }),
  ),
]
