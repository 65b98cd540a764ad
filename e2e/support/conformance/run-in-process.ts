import type { DType, NamedTensors, Tensor } from '@understudy/core'
import { InferenceSession, Tensor as OnnxTensor } from '../onnx-package.ts'
import type { ConformanceCase } from './conformance-cases.ts'
import { fromBytes } from './tensor-bytes.ts'

/** What the model itself answers, computed in this process without the platform. */
export async function runInProcess({ bytes, inputs, signature }: ConformanceCase): Promise<NamedTensors> {
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1 })
  try {
    const feeds = Object.fromEntries([...inputs].map(([name, tensor]) => [name, onnxTensor(tensor)]))
    const results = await session.run(feeds)
    return new Map(
      signature.outputs.map(({ name, dtype }) => [name, tensorOf(dtype, results[name])] as const),
    )
  } finally {
    await session.release()
  }
}

function onnxTensor({ dtype, data, shape }: Tensor): OnnxTensor {
  return new OnnxTensor(dtype, data as never, shape)
}

function tensorOf(dtype: DType, result: OnnxTensor | undefined): Tensor {
  if (result === undefined) throw new Error('the model did not answer')
  const { data, dims } = result
  if (dtype === 'string') return { dtype, shape: dims, data: data as string[] }
  const { buffer, byteOffset, byteLength } = data as Uint8Array
  return fromBytes(dtype, dims, Buffer.from(buffer, byteOffset, byteLength))
}
