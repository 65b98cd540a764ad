import { describe, expect, it } from 'vitest'
import { GRPC_METHODS, grpcRequest } from './grpc-messages.ts'

const floatsOf = (bytes: Uint8Array | undefined) => [...new Float32Array(Uint8Array.from(bytes ?? []).buffer)]

describe('grpcRequest', () => {
  it('carries the numbers as raw contents of the Open Inference Protocol', () => {
    const message = GRPC_METHODS.oip.request.decode(grpcRequest('oip', 'm', [1, 0.5]))
    expect(message).toMatchObject({
      modelName: 'm',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1n, 2n] }],
    })
    expect(message.rawInputContents.map(floatsOf)).toEqual([[1, 0.5]])
  })

  it('carries the numbers as tensor_content of TensorFlow Serving', () => {
    const { modelSpec, inputs } = GRPC_METHODS.tfs.request.decode(grpcRequest('tfs', 'm', [1, 0.5]))
    const x = inputs.get('x')
    expect(modelSpec?.name).toBe('m')
    expect(x).toMatchObject({ dtype: 1, floatVal: [], tensorShape: { dim: [{ size: 1n }, { size: 2n }] } })
    expect(floatsOf(x?.tensorContent)).toEqual([1, 0.5])
  })
})
