import {
  BYTES_PER_ELEMENT,
  type DType,
  elementCount,
  type NumericDType,
  PlatformError,
  type Tensor,
  type TensorData,
  viewData,
} from '@understudy/core'
import { sharedNumbers } from '../json/number-store.ts'
import { OIP_DATATYPE } from './datatypes.ts'

const LENGTH_BYTES = 4
const SHOWN_AXES_MAX = 16

function malformed(message: string): PlatformError {
  return new PlatformError('request.malformed', message)
}

function describe(dtype: DType, shape: readonly number[]): string {
  const shown = shape.slice(0, SHOWN_AXES_MAX).join(', ')
  return `${OIP_DATATYPE[dtype]} [${shown}${shape.length > SHOWN_AXES_MAX ? ', ...' : ''}]`
}

/** Elements of a shape that came from outside. Sizes so large that their product is inexact count as no tensor. */
function elementsOf(dtype: DType, shape: readonly number[]): number {
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) {
      throw malformed(`${describe(dtype, shape)} is not a shape: sizes are integers from 0 on`)
    }
  }
  const elements = elementCount(shape)
  if (!Number.isSafeInteger(elements)) throw malformed(`${describe(dtype, shape)} has too many elements`)
  return elements
}

/** The numbers where they are, if the address suits the type; else copied once. */
function numbersOf(dtype: NumericDType, elements: number, bytes: Uint8Array): TensorData {
  const data =
    bytes.byteOffset % BYTES_PER_ELEMENT[dtype] === 0
      ? viewData(dtype, bytes.buffer, bytes.byteOffset, elements)
      : sharedNumbers(dtype, elements, bytes)
  return dtype === 'bool' ? truths(data as Uint8Array) : data
}

/** Any byte but 0 is true to the clients; a model must see 1. */
function truths(bytes: Uint8Array): Uint8Array {
  for (const byte of bytes) if (byte > 1) return bytes.map((other) => (other === 0 ? 0 : 1))
  return bytes
}

function stringsOf(shape: readonly number[], elements: number, bytes: Uint8Array): readonly string[] {
  const wrong = (what: string) => malformed(`${what} (${describe('string', shape)}, ${bytes.length} bytes)`)
  if (elements * LENGTH_BYTES > bytes.length) throw wrong('there are fewer strings than the shape says')
  const { buffer, byteOffset, byteLength } = bytes
  const view = new DataView(buffer, byteOffset, byteLength)
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const strings = new Array<string>(elements).fill('')
  let at = 0
  for (let index = 0; index < elements; index += 1) {
    if (at + LENGTH_BYTES > bytes.length) throw wrong('there are fewer strings than the shape says')
    const from = at + LENGTH_BYTES
    const to = from + view.getUint32(at, true)
    if (to > bytes.length) throw wrong(`string ${index} is longer than what is left`)
    try {
      strings[index] = decoder.decode(bytes.subarray(from, to))
    } catch {
      throw wrong(`string ${index} is not UTF-8; string inputs hold text`)
    }
    at = to
  }
  if (at !== bytes.length) throw wrong('there are more bytes than the strings of the shape')
  return strings
}

/**
 * A tensor of raw bytes: little-endian, row-major, `BOOL` one byte, `BYTES` a uint32 length and that many bytes of UTF-8 each.
 *
 * Its data is a view of `bytes` where the type's alignment allows it, so they must not change afterwards; else one copy. Memory is bounded
 * by the number of bytes, whatever the shape says.
 * @throws PlatformError `request.malformed` when sizes are no sizes, or the bytes are not exactly those of shape and type
 */
export function decodeRawTensor(dtype: DType, shape: readonly number[], bytes: Uint8Array): Tensor {
  const elements = elementsOf(dtype, shape)
  if (dtype === 'string') return { dtype, shape, data: stringsOf(shape, elements, bytes) }
  const expected = elements * BYTES_PER_ELEMENT[dtype]
  if (bytes.length !== expected) {
    throw malformed(
      `unexpected total byte size ${bytes.length}, expecting ${expected} for ${describe(dtype, shape)}`,
    )
  }
  return { dtype, shape, data: numbersOf(dtype, elements, bytes) }
}

function encodeStrings(strings: readonly string[]): Uint8Array {
  let sizeBytes = strings.length * LENGTH_BYTES
  for (const text of strings) sizeBytes += Buffer.byteLength(text, 'utf8')
  const bytes = Buffer.allocUnsafeSlow(sizeBytes)
  let at = 0
  for (const text of strings) {
    const length = bytes.write(text, at + LENGTH_BYTES, 'utf8')
    bytes.writeUInt32LE(length, at)
    at += LENGTH_BYTES + length
  }
  return bytes
}

/** The raw bytes of a tensor, as {@link decodeRawTensor} reads them: of numbers a view of its data, of strings a copy. */
export function encodeRawTensor(tensor: Tensor): Uint8Array {
  const { data } = tensor
  if (!ArrayBuffer.isView(data)) return encodeStrings(data)
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}
