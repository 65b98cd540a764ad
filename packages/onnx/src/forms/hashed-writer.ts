import { createHash } from 'node:crypto'
import { closeSync, fchmodSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs'

const ZEROS = Buffer.alloc(64 * 1024)

/** Identity of a written file. */
export interface WrittenFile {
  readonly sha256: string
  readonly sizeBytes: number
}

/**
 * Writes one new file front to back and knows its hash; gaps are zeros that take no place on disk. Synchronous: for worker threads.
 */
export class HashedWriter {
  readonly #fd: number
  readonly #hash = createHash('sha256')
  #at = 0

  constructor(file: string) {
    this.#fd = openSync(file, 'wx', 0o600)
  }

  /** Writes at an offset that is not below what was written before; without one, at the end. */
  write(bytes: Uint8Array, offset = this.#at): void {
    this.#skipTo(offset)
    for (let done = 0; done < bytes.byteLength; ) {
      done += writeSync(this.#fd, bytes, done, bytes.byteLength - done, this.#at + done)
    }
    this.#hash.update(bytes)
    this.#at += bytes.byteLength
  }

  /** Makes the file durable, read-only for everybody and `sizeBytes` long. */
  finish(sizeBytes = this.#at): WrittenFile {
    this.#skipTo(sizeBytes)
    ftruncateSync(this.#fd, sizeBytes)
    fchmodSync(this.#fd, 0o444)
    fsyncSync(this.#fd)
    return { sha256: this.#hash.digest('hex'), sizeBytes }
  }

  close(): void {
    closeSync(this.#fd)
  }

  #skipTo(offset: number): void {
    if (offset < this.#at) throw new RangeError(`offset ${offset} lies behind ${this.#at}`)
    while (this.#at < offset) {
      const count = Math.min(ZEROS.byteLength, offset - this.#at)
      this.#hash.update(ZEROS.subarray(0, count))
      this.#at += count
    }
  }
}
