/** Encodings that answers may be compressed with. */
export type AnswerEncoding = 'gzip' | 'deflate'

/**
 * The encoding that a client likes best of those that are written here; undefined for none. Of equals the first.
 *
 * @see Triton, server/src/http_server.cc, `CompressionTypeUsed`
 */
export function acceptedEncoding(header: string | undefined): AnswerEncoding | undefined {
  if (header === undefined) return undefined
  let best = 'identity'
  let bestWeight = 0
  for (const item of header.split(',')) {
    const [type = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase())
    if (type !== 'gzip' && type !== 'deflate' && type !== 'identity') continue
    const quality = parameters.find((parameter) => parameter.startsWith('q='))
    const weight = quality === undefined ? 1 : Number(quality.slice(2))
    if (weight > bestWeight) {
      best = type
      bestWeight = weight
    }
  }
  return best === 'identity' ? undefined : (best as AnswerEncoding)
}
