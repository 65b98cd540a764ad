import { ALIGNMENT_BYTES, FRAME_MAGIC, HEADER_BYTES } from './frame.ts'
import { frameInvalid } from './frame-error.ts'
import type { FrameLimits } from './frame-limits.ts'
import { readU32 } from './read-u32.ts'

/** A frame as it came: type and id of its header, and where its body lies. */
export interface RawFrame {
  readonly type: number
  readonly id: number
  readonly bytes: Uint8Array
  /** The body is `bytes` from here ... */
  readonly start: number
  /** ... to before here. */
  readonly end: number
}

/**
 * Cuts a stream of chunks into frames. A body within one chunk stays where it is; a larger one is gathered once.
 *
 * Memory held is that of one frame, and grows only with bytes that came, never with a length that was announced.
 */
export class FrameSplitter {
  readonly #limits: FrameLimits
  /** Chunks of the frame that is not whole yet. */
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  /** Bytes that make up the next step: a header, or a header and its body. */
  #neededBytes = HEADER_BYTES

  constructor(limits: FrameLimits) {
    this.#limits = limits
  }

  /**
   * The frames that this chunk completes, in order. After an error the stream is lost.
   *
   * @throws PlatformError `onnx.frame_invalid`
   */
  push(chunk: Uint8Array): RawFrame[] {
    if (this.#waitingBytes === 0 && chunk.byteLength >= this.#neededBytes) return this.#cut(chunk)
    this.#waiting.push(chunk)
    this.#waitingBytes += chunk.byteLength
    if (this.#waitingBytes < this.#neededBytes) return []
    return this.#cut(this.#gather())
  }

  #gather(): Uint8Array {
    const [only] = this.#waiting
    const bytes = this.#waiting.length === 1 && only ? only : concatenate(this.#waiting, this.#waitingBytes)
    this.#waiting = []
    this.#waitingBytes = 0
    return bytes
  }

  #cut(bytes: Uint8Array): RawFrame[] {
    const frames: RawFrame[] = []
    let at = 0
    this.#neededBytes = HEADER_BYTES
    while (bytes.byteLength - at >= HEADER_BYTES) {
      const start = at + HEADER_BYTES
      const end = start + this.#bodyBytes(bytes, at)
      if (end > bytes.byteLength) {
        this.#neededBytes = end - at
        break
      }
      frames.push({ type: readU32(bytes, at + 4), id: readU32(bytes, at + 8), bytes, start, end })
      at = end
    }
    if (at < bytes.byteLength) {
      this.#waiting = [bytes.subarray(at)]
      this.#waitingBytes = bytes.byteLength - at
    }
    return frames
  }

  #bodyBytes(bytes: Uint8Array, at: number): number {
    if (readU32(bytes, at) !== FRAME_MAGIC) throw frameInvalid('it does not begin with the magic number')
    const bodyBytes = readU32(bytes, at + 12)
    if (HEADER_BYTES + bodyBytes > this.#limits.maxFrameBytes) {
      throw frameInvalid(`it announces ${bodyBytes} bytes; at most ${this.#limits.maxFrameBytes} are allowed`)
    }
    if (bodyBytes % ALIGNMENT_BYTES !== 0) throw frameInvalid('its length is not aligned')
    return bodyBytes
  }
}

/** One block of memory of its own, so that it is aligned. All of it is overwritten. */
function concatenate(chunks: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const whole = Buffer.allocUnsafeSlow(sizeBytes)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.byteLength
  }
  return whole
}
