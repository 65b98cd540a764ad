import { isShortAscii } from './ascii-text.ts'
import { padded } from './frame.ts'

const utf8 = new TextEncoder()
const double = new Float64Array(1)
const doubleBytes = new Uint8Array(double.buffer)

/** Bytes that {@link BodyWriter.text} takes. */
export function textBytes(text: string): number {
  return 4 + (isShortAscii(text) ? text.length : Buffer.byteLength(text))
}

/** Writes one frame forwards into bytes that are large enough. */
export class BodyWriter {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  u8(value: number): void {
    this.#bytes[this.#at] = value
    this.#at += 1
  }

  u32(value: number): void {
    const bytes = this.#bytes
    const at = this.#at
    bytes[at] = value
    bytes[at + 1] = value >>> 8
    bytes[at + 2] = value >>> 16
    bytes[at + 3] = value >>> 24
    this.#at = at + 4
  }

  f64(value: number): void {
    double[0] = value
    this.bytes(doubleBytes)
  }

  text(value: string): void {
    if (!isShortAscii(value)) {
      const { written } = utf8.encodeInto(value, this.#bytes.subarray(this.#at + 4))
      this.u32(written)
      this.#at += written
      return
    }
    this.u32(value.length)
    for (let i = 0; i < value.length; i++) this.#bytes[this.#at + i] = value.charCodeAt(i)
    this.#at += value.length
  }

  bytes(value: Uint8Array): void {
    this.#bytes.set(value, this.#at)
    this.#at += value.byteLength
  }

  align(): void {
    const next = padded(this.#at)
    while (this.#at < next) this.u8(0)
  }
}
