const PREFIX_BYTES = 5
const FIRST_BYTES = 4_096

/** What a message looks like that came so far. */
export type MessageState =
  | { readonly kind: 'whole'; readonly message: Buffer }
  /** Beyond the limit, as its first bytes announce. */
  | { readonly kind: 'too-large'; readonly sizeBytes: number }
  | { readonly kind: 'several' | 'partial' | 'none' | 'compressed' }

/** The message of a unary call in one chunk, without its prefix; undefined for anything else. */
export function messageOfChunk(chunk: Buffer, maxBytes: number): Buffer | undefined {
  const sizeBytes = chunk.length - PREFIX_BYTES
  if (sizeBytes < 0 || sizeBytes > maxBytes || chunk[0] !== 0) return undefined
  return chunk.readUInt32BE(1) === sizeBytes ? chunk.subarray(PREFIX_BYTES) : undefined
}

/**
 * Collects the pieces of a call that must have one message. They are copied, so that many small ones take no more memory than few large
 * ones: at most twice the limit, and nothing beyond it is kept.
 */
export class MessageCollector {
  readonly #maxBytes: number
  #bytes = Buffer.allocUnsafe(FIRST_BYTES)
  #sizeBytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  add(chunk: Buffer): void {
    const at = this.#sizeBytes
    this.#sizeBytes += chunk.length
    if (at > PREFIX_BYTES + this.#maxBytes) return
    if (this.#sizeBytes > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#sizeBytes, this.#bytes.length * 2))
      this.#bytes.copy(larger, 0, 0, at)
      this.#bytes = larger
    }
    chunk.copy(this.#bytes, at)
  }

  state(): MessageState {
    if (this.#sizeBytes === 0) return { kind: 'none' }
    if (this.#sizeBytes < PREFIX_BYTES) return { kind: 'partial' }
    const announcedBytes = this.#bytes.readUInt32BE(1)
    if (announcedBytes > this.#maxBytes) return { kind: 'too-large', sizeBytes: announcedBytes }
    // Without an encoding there is nothing to read it with.
    if (this.#bytes[0] !== 0) return { kind: 'compressed' }
    const leftBytes = PREFIX_BYTES + announcedBytes - this.#sizeBytes
    if (leftBytes !== 0) return { kind: leftBytes > 0 ? 'partial' : 'several' }
    return { kind: 'whole', message: this.#bytes.subarray(PREFIX_BYTES, this.#sizeBytes) }
  }
}
