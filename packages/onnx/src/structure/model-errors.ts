import { PlatformError } from '@understudy/core'

export function notAModel(why: string): PlatformError {
  return new PlatformError(
    'onnx.not_a_model',
    `This is not an ONNX model: ${why}. Expected the bytes of an ONNX ModelProto.`,
  )
}

export function unsupported(what: string): PlatformError {
  return new PlatformError('onnx.unsupported', what)
}
