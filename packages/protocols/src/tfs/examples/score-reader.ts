import { PlatformError, type Tensor } from '@understudy/core'
import { decodeFloat16 } from '../../json/float16.ts'
import { malformed } from '../element-errors.ts'
import { TENSORFLOW_TYPES } from '../type-names.ts'

/** Reads elements of an output as float32 values, as answers of classify and regress calls hold them. */
export function scoreReader(tensor: Tensor, wrongType: string): (index: number) => number {
  switch (tensor.dtype) {
    case 'float32':
    case 'float64': {
      const data = tensor.data as Float64Array
      return (index) => Math.fround(data[index] ?? 0)
    }
    case 'float16': {
      const data = tensor.data as Uint16Array
      return (index) => decodeFloat16(data[index] ?? 0)
    }
    default:
      throw malformed(`${wrongType} Got: ${TENSORFLOW_TYPES[tensor.dtype].enumName}`)
  }
}

/** An output that a mapping names. A version that was validated has it. */
export function namedOutput(outputs: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const tensor = outputs.get(name)
  if (tensor !== undefined) return tensor
  throw new PlatformError('request.malformed', `Could not find output tensor '${name}'`)
}
