import { readSync } from 'node:fs'

/** Random access to the bytes of a model, so that payloads of gigabytes are stepped over and never read. */
export interface ByteSource {
  readonly sizeBytes: number
  /** Exactly the bytes from `offset`, `length` of them. The caller keeps within `sizeBytes`. */
  read(offset: number, length: number): Uint8Array
}

export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    sizeBytes: bytes.byteLength,
    read: (offset, length) => bytes.subarray(offset, offset + length),
  }
}

const WINDOW_BYTES = 64 * 1024

/** Reads an open file through one window. Synchronous: what is read of a model is bounded by its structure, not its weights. */
export function fileSource(fileDescriptor: number, sizeBytes: number): ByteSource {
  let window: Uint8Array = new Uint8Array(0)
  let windowAt = 0
  const fill = (offset: number, length: number): Uint8Array => {
    const bytes = Buffer.allocUnsafe(length)
    let got = 0
    while (got < length) {
      const count = readSync(fileDescriptor, bytes, got, length - got, offset + got)
      if (count === 0) throw new Error('the file became shorter while it was read')
      got += count
    }
    return bytes
  }
  return {
    sizeBytes,
    read(offset, length) {
      if (length > WINDOW_BYTES) return fill(offset, length)
      if (offset < windowAt || offset + length > windowAt + window.byteLength) {
        window = fill(offset, Math.min(WINDOW_BYTES, sizeBytes - offset))
        windowAt = offset
      }
      return window.subarray(offset - windowAt, offset - windowAt + length)
    },
  }
}
