import { type ErrorCode, isPlatformError, type PlatformError } from '@understudy/core'

const SUSPECT_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'onnx.run_crashed',
  'onnx.memory_limit',
  'onnx.frame_invalid',
  'serving.run_timeout',
])

/** Whether a run was being carried out when its executor ended or was ended, so that one of its inputs may be the cause. */
export function isSuspectError(error: unknown): error is PlatformError {
  return isPlatformError(error) && SUSPECT_CODES.has(error.code)
}
