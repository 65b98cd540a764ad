import { type ErrorCode, isPlatformError, PlatformError } from '@understudy/core'

export const TRANSIENT = new PlatformError('serving.executor_lost', 'may pass')
export const PERMANENT = new PlatformError('onnx.load_failed', 'will not pass')

/** Code of what `act` throws or rejects with; undefined when it does not. */
export async function codeOf(act: () => unknown): Promise<ErrorCode | undefined> {
  try {
    await act()
    return undefined
  } catch (error) {
    if (isPlatformError(error)) return error.code
    throw error
  }
}
