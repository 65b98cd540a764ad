import { shortAscii } from './ascii-text.ts'
import { padded } from './frame.ts'
import { frameInvalid } from './frame-error.ts'
import type { FrameLimits } from './frame-limits.ts'
import type { RawFrame } from './frame-splitter.ts'
import { readU32 } from './read-u32.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })
const double = new Float64Array(1)
const doubleBytes = new Uint8Array(double.buffer)

/** Reads the body of one frame forwards. Every read is checked against the end; what is missing is `onnx.frame_invalid`. */
export class BodyReader {
  readonly limits: FrameLimits
  readonly #bytes: Uint8Array
  readonly #start: number
  readonly #end: number
  #at: number

  constructor({ bytes, start, end }: RawFrame, limits: FrameLimits) {
    this.#bytes = bytes
    this.#start = start
    this.#end = end
    this.#at = start
    this.limits = limits
  }

  get bytesLeft(): number {
    return this.#end - this.#at
  }

  u8(): number {
    return this.#bytes[this.#take(1)] ?? 0
  }

  u32(): number {
    return readU32(this.#bytes, this.#take(4))
  }

  f64(): number {
    const start = this.#take(8)
    for (let i = 0; i < 8; i++) doubleBytes[i] = this.#bytes[start + i] ?? 0
    return double[0] ?? 0
  }

  /** A text of at most the limit's length. */
  text(): string {
    const length = this.u32()
    if (length > this.limits.maxTextBytes) throw frameInvalid(`a text has ${length} bytes`)
    return this.#decode(length)
  }

  /** An element of a string tensor: bounded only by the frame. */
  element(): string {
    return this.#decode(this.u32())
  }

  /** Steps over so many bytes and gives their place in {@link memory}. */
  skip(length: number): number {
    return this.#bytes.byteOffset + this.#take(length)
  }

  /** The memory that the frame lies in. */
  get memory(): ArrayBufferLike {
    return this.#bytes.buffer
  }

  /** Steps to the next multiple of the alignment. The body itself begins at one. */
  align(): void {
    const at = this.#at - this.#start
    this.#take(padded(at) - at)
  }

  /** Refuses bytes after what was expected, padding excepted. */
  end(): void {
    if (padded(this.#at - this.#start) < this.#end - this.#start) {
      throw frameInvalid('it is longer than its content')
    }
  }

  #decode(length: number): string {
    const start = this.#take(length)
    const text = shortAscii(this.#bytes, start, length)
    if (text !== undefined) return text
    try {
      return utf8.decode(this.#bytes.subarray(start, start + length))
    } catch {
      throw frameInvalid('a text is not UTF-8')
    }
  }

  #take(length: number): number {
    const start = this.#at
    if (length > this.#end - start) throw frameInvalid('it ends too early')
    this.#at = start + length
    return start
  }
}
