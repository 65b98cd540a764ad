import type { Writable } from 'node:stream'
import { encodeFrame } from '../frames/encode-frame.ts'
import type { Frame } from '../frames/frame.ts'
import type { FrameLimits } from '../frames/frame-limits.ts'

/** Frames of about the usual size share it: new memory for each costs more than its bytes, and sets off collections. */
const BLOCK_BYTES = 64 * 1024
/** Larger frames get memory of their own. */
const KEPT_BYTES_MAX = 1024 * 1024

/** Writes frames to one socket, from memory that is used again as soon as the kernel has taken what was in it. */
export class FrameSender {
  readonly #socket: Writable
  readonly #limits: FrameLimits
  /** Nobody reads from it any more. */
  #free: Buffer | undefined

  constructor(socket: Writable, limits: FrameLimits) {
    this.#socket = socket
    this.#limits = limits
  }

  /** @throws PlatformError `onnx.frame_invalid` when the frame would be larger than the limit; nothing was sent then */
  send(frame: Frame): void {
    let block: Buffer | undefined
    const bytes = encodeFrame(frame, this.#limits, (sizeBytes) => {
      block = this.#blockFor(sizeBytes)
      return block.length === sizeBytes ? block : block.subarray(0, sizeBytes)
    })
    this.#socket.write(bytes)
    // What the kernel did not take at once still lies there, waiting to be written.
    const isFree = this.#socket.writableLength === 0 && block !== undefined && block.length <= KEPT_BYTES_MAX
    this.#free = isFree ? block : undefined
  }

  #blockFor(sizeBytes: number): Buffer {
    const free = this.#free
    if (free !== undefined && free.length >= sizeBytes) return free
    if (sizeBytes > KEPT_BYTES_MAX) return Buffer.allocUnsafeSlow(sizeBytes)
    return Buffer.allocUnsafeSlow(Math.ceil(sizeBytes / BLOCK_BYTES) * BLOCK_BYTES)
  }
}
