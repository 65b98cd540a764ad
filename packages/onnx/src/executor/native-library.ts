import type { Binding } from 'onnxruntime-node/dist/binding.js'

/** One model in ONNX Runtime. Every call blocks the thread until the native code is done. */
export type NativeSession = Pick<
  Binding.InferenceSession,
  'loadModel' | 'inputMetadata' | 'outputMetadata' | 'run' | 'dispose'
>

/** A tensor as the addon takes and gives it: `float16` as its bits, `bool` as bytes. */
export class NativeTensor {
  readonly location = 'cpu'
  readonly type: string
  readonly data: ArrayBufferView | readonly string[]
  readonly dims: readonly number[]

  constructor(type: string, data: ArrayBufferView | readonly string[], dims: readonly number[]) {
    this.type = type
    this.data = data
    this.dims = dims
  }
}

/** ONNX Runtime without what onnxruntime-node puts around it. */
export interface NativeLibrary {
  readonly createSession: () => NativeSession
}

/** Of what does not belong to a session. */
const LOG_WARNINGS = 2

/**
 * Loads ONNX Runtime's addon, to be used by the main thread.
 *
 * What the package puts around it would cost a small model half as much again as its run: tensors that are checked twice, three promises and
 * a turn of the event loop, in a process that does one thing at a time anyway. Its tensors would also take a `Float16Array` for `float16` where Node
 * has one, which the addon cannot read.
 */
export async function loadNativeLibrary(): Promise<NativeLibrary> {
  const { binding } = await import('onnxruntime-node/dist/binding.js')
  binding.initOrtOnce(LOG_WARNINGS, NativeTensor as never, true)
  return { createSession: () => new binding.InferenceSession() }
}
