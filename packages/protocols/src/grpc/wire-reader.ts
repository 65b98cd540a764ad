import { PlatformError } from '@understudy/core'

/** How the value of a field is written, the lowest three bits of its tag. */
export const WIRE_TYPE = { varint: 0, bits64: 1, delimited: 2, group: 3, groupEnd: 4, bits32: 5 } as const

const VARINT_BYTES_MAX = 10
const TWO_POW_32 = 0x1_0000_0000
/** As protocol buffers' own parsers have it. */
const DEPTH_MAX = 100

/**
 * Reads one message of protocol buffers field by field, without an object for it.
 *
 * Arbitrary bytes give values or `request.malformed`, in time bounded by their number. What {@link view} gives shares memory with the
 * bytes. Nested messages are read in place: {@link enter} them, read until {@link next} gives 0, and {@link leave}.
 */
export class WireReader {
  readonly bytes: Buffer
  /** Where the next byte is read. */
  at: number
  /** Where the current message ends. */
  end: number
  /** Wire type of the field that {@link next} has found. */
  wireType = 0
  /** Halves of the last 64-bit number, as signed 32-bit numbers. */
  low = 0
  high = 0

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = 0
    this.end = bytes.length
  }

  /** Number of the next field, whose value stands next; 0 at the end of the message. */
  next(): number {
    if (this.at >= this.end) return 0
    const tag = this.uint32()
    this.wireType = tag & 7
    const field = tag >>> 3
    if (field === 0) throw broken('a field has the number 0')
    return field
  }

  /** A varint, its lowest 32 bits. */
  uint32(): number {
    const { bytes, end } = this
    let at = this.at
    if (at < end) {
      const byte = bytes[at] as number
      if (byte < 0x80) {
        this.at = at + 1
        return byte
      }
    }
    let value = 0
    for (let shift = 0; shift < VARINT_BYTES_MAX * 7; shift += 7) {
      if (at >= end) throw broken('it ends within a number')
      const byte = bytes[at] as number
      at += 1
      if (shift < 32) value |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        this.at = at
        return value >>> 0
      }
    }
    throw broken('a number has more than ten bytes')
  }

  int32(): number {
    return this.uint32() | 0
  }

  /** Reads a varint into {@link low} and {@link high}. */
  varint64(): void {
    const { bytes, end } = this
    let low = 0
    let high = 0
    let at = this.at
    for (let shift = 0; shift < VARINT_BYTES_MAX * 7; shift += 7) {
      if (at >= end) throw broken('it ends within a number')
      const byte = bytes[at] as number
      const bits = byte & 0x7f
      at += 1
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high = bits >>> 4
      } else high |= bits << (shift - 32)
      if (byte < 0x80) {
        this.at = at
        this.low = low | 0
        this.high = high | 0
        return
      }
    }
    throw broken('a number has more than ten bytes')
  }

  /** A signed 64-bit number; beyond 2^53 the nearest that a number can hold. */
  int64(): number {
    this.varint64()
    return this.high * TWO_POW_32 + (this.low >>> 0)
  }

  /** An unsigned 64-bit number; beyond 2^53 the nearest that a number can hold. */
  uint64(): number {
    this.varint64()
    return (this.high >>> 0) * TWO_POW_32 + (this.low >>> 0)
  }

  bool(): boolean {
    this.varint64()
    return this.low !== 0 || this.high !== 0
  }

  /** The bytes of a delimited field, where they are. */
  view(): Buffer {
    const from = this.#delimited()
    return this.bytes.subarray(from, this.at)
  }

  /** Text of a delimited field; what is not UTF-8 in it becomes U+FFFD. */
  text(): string {
    const from = this.#delimited()
    return from === this.at ? '' : this.bytes.toString('utf8', from, this.at)
  }

  float32(): number {
    return this.bytes.readFloatLE(this.#fixed(4))
  }

  float64(): number {
    return this.bytes.readDoubleLE(this.#fixed(8))
  }

  /** Goes into a nested message. Give what it returns to {@link leave}. */
  enter(): number {
    const outer = this.end
    const from = this.#delimited()
    this.end = this.at
    this.at = from
    return outer
  }

  leave(outer: number): void {
    this.at = this.end
    this.end = outer
  }

  /** Goes over the value of a field that nobody asks for. */
  skip(): void {
    this.#skip(this.wireType, 0)
  }

  /** @throws PlatformError `request.malformed` unless the field is written in this way */
  expect(wireType: number): void {
    if (this.wireType !== wireType) throw broken('a field has another type than the message says')
  }

  #skip(wireType: number, depth: number): void {
    switch (wireType) {
      case WIRE_TYPE.varint:
        this.uint32()
        return
      case WIRE_TYPE.bits64:
        this.#fixed(8)
        return
      case WIRE_TYPE.delimited:
        this.#delimited()
        return
      case WIRE_TYPE.bits32:
        this.#fixed(4)
        return
      case WIRE_TYPE.group:
        this.#skipGroup(depth + 1)
        return
      default:
        throw broken('a field has no known wire type')
    }
  }

  #skipGroup(depth: number): void {
    if (depth > DEPTH_MAX) throw broken('it nests too deep')
    for (;;) {
      if (this.at >= this.end) throw broken('a group has no end')
      const tag = this.uint32()
      if ((tag & 7) === WIRE_TYPE.groupEnd) return
      this.#skip(tag & 7, depth)
    }
  }

  /** Passes a delimited value and says where it begins. */
  #delimited(): number {
    const size = this.uint32()
    const from = this.at
    if (size > this.end - from) throw broken('a field is longer than what is left')
    this.at = from + size
    return from
  }

  #fixed(size: number): number {
    const from = this.at
    if (this.end - from < size) throw broken('it ends within a number')
    this.at = from + size
    return from
  }
}

function broken(what: string): PlatformError {
  return new PlatformError('request.malformed', `The message is not valid protocol buffers: ${what}.`)
}
