const PREFIX_BYTES = 5

/** One message, whole and alone. */
export function isWholeMessage(chunk: Buffer): boolean {
  return chunk.length >= PREFIX_BYTES && chunk.readUInt32BE(1) === chunk.length - PREFIX_BYTES
}

/** Follows the bytes of one direction of a call: how many of a message that is not whole yet have come. */
export class MessageMeter {
  #prefixBytes = 0
  #sizeBytes = 0
  #leftBytes = 0

  /** Of the message that is under way; 0 between two. */
  get partialBytes(): number {
    return this.#leftBytes > 0 ? PREFIX_BYTES + this.#sizeBytes - this.#leftBytes : this.#prefixBytes
  }

  read(chunk: Uint8Array): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#leftBytes === 0) {
        if (this.#prefixBytes === 0) this.#sizeBytes = 0
        // The first byte says whether the message is compressed.
        if (this.#prefixBytes > 0) this.#sizeBytes = this.#sizeBytes * 256 + (chunk[at] ?? 0)
        at += 1
        this.#prefixBytes += 1
        if (this.#prefixBytes < PREFIX_BYTES) continue
        this.#prefixBytes = 0
        this.#leftBytes = this.#sizeBytes
      } else {
        const taken = Math.min(this.#leftBytes, chunk.length - at)
        this.#leftBytes -= taken
        at += taken
      }
    }
  }
}
