import type { EncodedInfer } from '@understudy/protocols'

/** The body of an answer in one piece. */
export interface InferBody {
  /** Beside a header length each character of a text is a byte, whatever it is. */
  readonly body: string | Uint8Array
  /** Size of the JSON in front of binary data; undefined where there is none. */
  readonly headerLength: number | undefined
}

/** Puts JSON and binary data behind one another. */
export function joinInfer({ json, binary }: EncodedInfer): InferBody {
  if (binary === undefined) return { body: json, headerLength: undefined }
  const head = Buffer.from(json, 'utf8')
  return { body: Buffer.concat([head, ...binary]), headerLength: head.length }
}

/** Larger ones leave without being copied once more. */
const TEXT_BYTES_MAX = 32 * 1024

/**
 * The same as a text, which leaves in one piece with its head and is made for a fraction of what memory for bytes costs; as bytes where
 * there are many, or where the JSON is not ASCII.
 */
export function joinInferText(encoded: EncodedInfer): InferBody {
  const { json, binary } = encoded
  if (binary === undefined || Buffer.byteLength(json) !== json.length) return joinInfer(encoded)
  let sizeBytes = json.length
  for (const { length } of binary) sizeBytes += length
  if (sizeBytes > TEXT_BYTES_MAX) return joinInfer(encoded)
  let body = json
  for (const part of binary) body += latin1Of(part)
  return { body, headerLength: json.length }
}

/** A text with a character for each byte. */
export function latin1Of({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
}
