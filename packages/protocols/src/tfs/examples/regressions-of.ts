import type { NamedTensors, SignatureMapping } from '@understudy/core'
import { malformed } from '../element-errors.ts'
import { namedOutput, scoreReader } from './score-reader.ts'

type RegressMapping = Extract<SignatureMapping, { method: 'regress' }>

/**
 * One float32 value for every example.
 *
 * @throws PlatformError `request.malformed` when the output is neither `[N]` nor `[N, 1]`, or no float
 */
export function regressionsOf(outputs: NamedTensors, mapping: RegressMapping): readonly number[] {
  const tensor = namedOutput(outputs, mapping.value)
  const [rows, width = 1, ...further] = tensor.shape
  if (rows === undefined || width !== 1 || further.length > 0) {
    throw malformed(
      `Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got [${tensor.shape.join(',')}]`,
    )
  }
  const at = scoreReader(tensor, 'Expected output Tensor of DT_FLOAT. ')
  return Array.from({ length: rows }, (_, row) => at(row))
}
