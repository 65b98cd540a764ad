import { padded } from './frame.ts'
import { frameInvalid } from './frame-error.ts'
import type { FrameLimits } from './frame-limits.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Reads the body of one frame forwards. Every read is checked against the end; what is missing is `onnx.frame_invalid`. */
export class BodyReader {
  readonly limits: FrameLimits
  readonly #body: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(body: Uint8Array, limits: FrameLimits) {
    this.#body = body
    this.#view = new DataView(body.buffer, body.byteOffset, body.byteLength)
    this.limits = limits
  }

  get bytesLeft(): number {
    return this.#body.byteLength - this.#at
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1))
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true)
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8), true)
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

  bytes(length: number): Uint8Array {
    const start = this.#take(length)
    return this.#body.subarray(start, start + length)
  }

  /** Steps to the next multiple of the alignment. The body itself begins at one. */
  align(): void {
    this.#take(padded(this.#at) - this.#at)
  }

  /** Refuses bytes after what was expected, padding excepted. */
  end(): void {
    if (padded(this.#at) < this.#body.byteLength) throw frameInvalid('it is longer than its content')
  }

  #decode(length: number): string {
    const bytes = this.bytes(length)
    try {
      return utf8.decode(bytes)
    } catch {
      throw frameInvalid('a text is not UTF-8')
    }
  }

  #take(length: number): number {
    if (length > this.bytesLeft) throw frameInvalid('it ends too early')
    const start = this.#at
    this.#at += length
    return start
  }
}
