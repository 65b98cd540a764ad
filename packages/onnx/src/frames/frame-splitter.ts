import { ALIGNMENT_BYTES, FRAME_MAGIC, HEADER_BYTES } from './frame.ts'
import { frameInvalid } from './frame-error.ts'
import type { FrameLimits } from './frame-limits.ts'

/** A frame as it came: type and id of its header, and the bytes of its body. */
export interface RawFrame {
  readonly type: number
  readonly id: number
  readonly body: Uint8Array
}

interface Header {
  readonly type: number
  readonly id: number
  readonly bodyBytes: number
}

/**
 * Cuts a stream of chunks into frames. A body within one chunk is a view of it; a larger one is gathered once.
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
      const header = this.#header(bytes, at)
      const end = at + HEADER_BYTES + header.bodyBytes
      if (end > bytes.byteLength) {
        this.#neededBytes = end - at
        break
      }
      frames.push({ type: header.type, id: header.id, body: bytes.subarray(at + HEADER_BYTES, end) })
      at = end
    }
    if (at < bytes.byteLength) {
      this.#waiting = [bytes.subarray(at)]
      this.#waitingBytes = bytes.byteLength - at
    }
    return frames
  }

  #header(bytes: Uint8Array, at: number): Header {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, HEADER_BYTES)
    if (view.getUint32(0, true) !== FRAME_MAGIC) throw frameInvalid('it does not begin with the magic number')
    const bodyBytes = view.getUint32(12, true)
    if (HEADER_BYTES + bodyBytes > this.#limits.maxFrameBytes) {
      throw frameInvalid(`it announces ${bodyBytes} bytes; at most ${this.#limits.maxFrameBytes} are allowed`)
    }
    if (bodyBytes % ALIGNMENT_BYTES !== 0) throw frameInvalid('its length is not aligned')
    return { type: view.getUint32(4, true), id: view.getUint32(8, true), bodyBytes }
  }
}

/** One block of memory of its own, so that it is aligned. */
function concatenate(chunks: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const whole = new Uint8Array(new ArrayBuffer(sizeBytes))
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.byteLength
  }
  return whole
}
