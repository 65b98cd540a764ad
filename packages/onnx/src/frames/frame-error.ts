import { PlatformError } from '@understudy/core'

export function frameInvalid(why: string): PlatformError {
  return new PlatformError('onnx.frame_invalid', `A frame between node and executor is broken: ${why}.`)
}
