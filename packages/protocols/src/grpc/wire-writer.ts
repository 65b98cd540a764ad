import { WIRE_TYPE } from './wire-reader.ts'

const FIRST_SIZE = 512
const VARINT_32_BYTES_MAX = 5
const VARINT_64_BYTES_MAX = 10
const TWO_POW_32 = 0x1_0000_0000

/**
 * Writes one message of protocol buffers field by field into one buffer.
 *
 * Values that protocol buffers leave out (empty text, 0) are left to the caller. Not for several messages: take a new one for each.
 */
export class WireWriter {
  #bytes: Buffer
  #at = 0

  /** @param sizeBytes about what the message will have; it may be more or less */
  constructor(sizeBytes: number = FIRST_SIZE) {
    this.#bytes = Buffer.allocUnsafe(sizeBytes)
  }

  tag(field: number, wireType: number): void {
    this.uint32((field << 3) | wireType)
  }

  uint32(value: number): void {
    this.#ensure(VARINT_32_BYTES_MAX)
    this.#varint(value)
  }

  /** A signed or unsigned integer of up to 53 bits. */
  int64(value: number): void {
    this.#ensure(VARINT_64_BYTES_MAX)
    if (value >= 0 && value < TWO_POW_32) this.#varint(value)
    else this.#varint64(value | 0, Math.floor(value / TWO_POW_32) | 0)
  }

  /** A 64-bit integer by its halves. */
  halves(low: number, high: number): void {
    this.#ensure(VARINT_64_BYTES_MAX)
    this.#varint64(low, high)
  }

  bytes(field: number, value: Uint8Array): void {
    this.tag(field, WIRE_TYPE.delimited)
    this.uint32(value.length)
    this.#ensure(value.length)
    this.#bytes.set(value, this.#at)
    this.#at += value.length
  }

  text(field: number, value: string): void {
    this.tag(field, WIRE_TYPE.delimited)
    this.#ensure(VARINT_32_BYTES_MAX + value.length * 3)
    // Names are short: one byte for the length almost always does.
    const from = this.#at
    const written = this.#bytes.write(value, from + 1, 'utf8')
    this.#at = from + 1 + written
    this.#close(from)
  }

  float32(value: number): void {
    this.#ensure(4)
    this.#at = this.#bytes.writeFloatLE(value, this.#at)
  }

  float64(value: number): void {
    this.#ensure(8)
    this.#at = this.#bytes.writeDoubleLE(value, this.#at)
  }

  /** Begins a delimited value, a nested message or a packed list. Give what it returns to {@link end}. */
  begin(field: number): number {
    this.tag(field, WIRE_TYPE.delimited)
    this.#ensure(1)
    const from = this.#at
    this.#at += 1
    return from
  }

  end(from: number): void {
    this.#ensure(VARINT_32_BYTES_MAX)
    this.#close(from)
  }

  /** The message: a view of what was written. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  /** Writes the length of what stands behind `from + 1`, and moves that when it takes more than one byte. */
  #close(from: number): void {
    const size = this.#at - from - 1
    if (size < 0x80) {
      this.#bytes[from] = size
      return
    }
    const lengthBytes = size < 0x4000 ? 2 : size < 0x20_0000 ? 3 : size < 0x1000_0000 ? 4 : 5
    this.#bytes.copyWithin(from + lengthBytes, from + 1, this.#at)
    this.#at = from
    this.#varint(size)
    this.#at = from + lengthBytes + size
  }

  #varint(value: number): void {
    const bytes = this.#bytes
    let rest = value >>> 0
    while (rest > 0x7f) {
      bytes[this.#at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    bytes[this.#at++] = rest
  }

  #varint64(low: number, high: number): void {
    const bytes = this.#bytes
    let lowRest = low >>> 0
    let highRest = high >>> 0
    while (highRest > 0) {
      bytes[this.#at++] = (lowRest & 0x7f) | 0x80
      lowRest = ((lowRest >>> 7) | (highRest << 25)) >>> 0
      highRest >>>= 7
    }
    this.#varint(lowRest)
  }

  #ensure(more: number): void {
    const needed = this.#at + more
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, needed))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
  }
}
