import type { EncodedInfer } from '@understudy/protocols'

/** The body of an answer in one piece. */
export interface InferBody {
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
