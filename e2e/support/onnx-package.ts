import { InferenceSession, Tensor } from 'onnxruntime-node'

/**
 * ONNX Runtime in this process, as its package gives it, to compare the platform with.
 *
 * Where Node has a `Float16Array` (24 and later) the package takes it for float16, and its own addon cannot read that. It looks for the name
 * once, with the first tensor of a process; without it, float16 is its bits. So whoever makes tensors in tests imports them from here.
 */
export { InferenceSession, Tensor }

const own = Object.getOwnPropertyDescriptor(globalThis, 'Float16Array')
Reflect.deleteProperty(globalThis, 'Float16Array')
new Tensor('bool', [true])
if (own !== undefined) Object.defineProperty(globalThis, 'Float16Array', own)
