import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { encodeFrame } from '../frames/encode-frame.ts'
import type { RequestFrame } from '../frames/frame.ts'
import { DEFAULT_FRAME_LIMITS } from '../frames/frame-limits.ts'
import { FrameSender } from './frame-sender.ts'

/** Takes each chunk when told to, or at once, as a socket whose buffer in the kernel is full or not. */
class Kernel extends Writable {
  readonly chunks: Buffer[] = []
  isFull = false
  #taken: (() => void) | undefined

  override _write(chunk: Buffer, _encoding: string, taken: () => void): void {
    this.chunks.push(chunk)
    if (this.isFull) this.#taken = taken
    else taken()
  }

  drain(): void {
    this.isFull = false
    this.#taken?.()
  }
}

function run(id: number, elements: number): RequestFrame {
  const data = new Float32Array(elements).fill(id)
  const tensors = new Map([['x', { dtype: 'float32' as const, shape: [elements], data }]])
  return { type: 'run', id, model: 1, limitMs: 100, tensors }
}

const encoded = (frame: RequestFrame) => Buffer.from(encodeFrame(frame, DEFAULT_FRAME_LIMITS))

describe('FrameSender', () => {
  it('writes over a frame that the kernel has taken', () => {
    const kernel = new Kernel()
    const sender = new FrameSender(kernel, DEFAULT_FRAME_LIMITS)
    sender.send(run(1, 100))
    sender.send(run(2, 50))
    const [first, second] = kernel.chunks
    expect(second?.buffer).toBe(first?.buffer)
    expect(second).toEqual(encoded(run(2, 50)))
  })

  it('leaves a frame alone that still waits to be written', () => {
    const kernel = new Kernel()
    const sender = new FrameSender(kernel, DEFAULT_FRAME_LIMITS)
    kernel.isFull = true
    sender.send(run(1, 100))
    sender.send(run(2, 100))
    expect(kernel.chunks[0]).toEqual(encoded(run(1, 100)))
    kernel.drain()
    expect(kernel.chunks).toEqual([encoded(run(1, 100)), encoded(run(2, 100))])
  })

  it('keeps no memory of a very large frame', () => {
    const kernel = new Kernel()
    const sender = new FrameSender(kernel, DEFAULT_FRAME_LIMITS)
    sender.send(run(1, 300_000))
    sender.send(run(2, 300_000))
    const [first, second] = kernel.chunks
    expect(second?.buffer).not.toBe(first?.buffer)
    expect(first?.equals(encoded(run(1, 300_000)))).toBe(true)
  })

  it('sends nothing of a frame that is larger than the limit', () => {
    const kernel = new Kernel()
    const sender = new FrameSender(kernel, { ...DEFAULT_FRAME_LIMITS, maxFrameBytes: 1_000 })
    expect(() => sender.send(run(1, 1_000))).toThrow(/at most 1000 are allowed/)
    expect(kernel.chunks).toEqual([])
  })
})
