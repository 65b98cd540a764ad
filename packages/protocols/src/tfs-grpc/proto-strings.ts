import { WIRE_TYPE, WireReader } from '../grpc/wire-reader.ts'
import { malformed } from '../tfs/element-errors.ts'
import { eachList, inRange, type TensorLists, wrongList } from './fill-from-lists.ts'

const POINTER_BYTES = 8

function textDecoder(): InstanceType<typeof TextDecoder> {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
}

function decode(decoder: InstanceType<typeof TextDecoder>, bytes: Uint8Array, index: number): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw malformed(`string ${index} is not UTF-8; string inputs hold text`)
  }
}

/**
 * Strings of `tensor_content`: all their lengths as varints, then all their bytes.
 *
 * @throws PlatformError `request.malformed`
 */
export function contentStrings(content: Uint8Array, elements: number): readonly string[] {
  if (elements > content.length) throw malformed('tensor_content has fewer strings than the shape says')
  const reader = new WireReader(content)
  const sizes: number[] = []
  for (let index = 0; index < elements; index += 1) sizes.push(reader.uint32())
  const decoder = textDecoder()
  let { at } = reader
  const strings = sizes.map((size, index) => {
    const from = at
    at += size
    if (at > content.length) throw malformed(`string ${index} is longer than what is left of tensor_content`)
    return decode(decoder, content.subarray(from, at), index)
  })
  if (at !== content.length) throw malformed('tensor_content has more bytes than the strings of the shape')
  return strings
}

/**
 * Strings of `string_val`, filled up with the last.
 *
 * @param grow asked before a string is repeated, with the bytes that all of them come to
 * @throws PlatformError `request.malformed`, and what `grow` throws
 */
export function stringsFromLists(
  reader: WireReader,
  { dtype, elements, packedField, from, to }: TensorLists,
  grow: (sizeBytes: number) => void,
): readonly string[] {
  if (packedField !== 0) throw wrongList(dtype, packedField)
  const data: string[] = []
  const decoder = textDecoder()
  let lastBytes = 0
  inRange(reader, from, to, () => {
    eachList(reader, dtype, () => {
      reader.expect(WIRE_TYPE.delimited)
      const bytes = reader.view()
      if (data.length === elements) return
      lastBytes = bytes.length
      data.push(decode(decoder, bytes, data.length))
    })
  })
  const missing = elements - data.length
  if (missing === 0) return data
  if (lastBytes > 0) grow(missing * (POINTER_BYTES + lastBytes))
  const last = data.at(-1) ?? ''
  const filled = new Array<string>(elements).fill(last)
  for (let index = 0; index < data.length; index += 1) filled[index] = data[index] ?? ''
  return filled
}
