/** The library as this package uses it. */
export type OnnxRuntime = typeof import('onnxruntime-node')

/**
 * Loads ONNX Runtime with its native library, so that tensors of `float16` take a `Uint16Array` on every Node version.
 *
 * onnxruntime-common maps types to arrays once, at its first tensor, and takes `Float16Array` where Node has one (24 and later),
 * which the native addon cannot read. So the first tensor is made while that name is hidden.
 */
export async function loadRuntime(): Promise<OnnxRuntime> {
  const hidden = Object.getOwnPropertyDescriptor(globalThis, 'Float16Array')
  if (hidden) Reflect.deleteProperty(globalThis, 'Float16Array')
  try {
    const runtime = await import('onnxruntime-node')
    new runtime.Tensor('float32', new Float32Array(1), [1])
    return runtime
  } finally {
    if (hidden) Object.defineProperty(globalThis, 'Float16Array', hidden)
  }
}
