import { OnnxBuilder } from './onnx-builder.ts'

/** The one pair of int64 whose quotient is no int64: on x86-64 the processor ends the process that divides it (SIGFPE). */
export const CRASHING_QUOTIENT = { dividend: -(2n ** 63n), divisor: -1n } as const

/**
 * `quotient = dividend / divisor` of int64 `[N, 1]`. A divisor of 0 fails the run; {@link CRASHING_QUOTIENT} ends the process, for ONNX
 * Runtime 1.30 does not check it.
 */
export function quotientModel(): Uint8Array {
  return new OnnxBuilder()
    .input('dividend', 'int64', ['N', 1])
    .input('divisor', 'int64', ['N', 1])
    .output('quotient', 'int64', ['N', 1])
    .node('Div', [['dividend', 'divisor'], ['quotient']])
    .build()
}
