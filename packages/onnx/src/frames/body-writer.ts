import { padded } from './frame.ts'

const utf8 = new TextEncoder()

/** Measures a body first and writes it second, by the same calls, so that a frame is one allocation of the right size. */
export class BodyWriter {
  readonly #bytes: Uint8Array | undefined
  readonly #view: DataView | undefined
  #at: number

  /** Without a target nothing is written; `sizeBytes` tells what it would take. */
  constructor(target?: { readonly bytes: Uint8Array; readonly from: number }) {
    this.#bytes = target?.bytes
    this.#view = target && new DataView(target.bytes.buffer, target.bytes.byteOffset, target.bytes.byteLength)
    this.#at = target?.from ?? 0
  }

  get sizeBytes(): number {
    return this.#at
  }

  u8(value: number): void {
    this.#view?.setUint8(this.#at, value)
    this.#at += 1
  }

  u32(value: number): void {
    this.#view?.setUint32(this.#at, value, true)
    this.#at += 4
  }

  f64(value: number): void {
    this.#view?.setFloat64(this.#at, value, true)
    this.#at += 8
  }

  text(value: string): void {
    const length = Buffer.byteLength(value)
    this.u32(length)
    if (this.#bytes) utf8.encodeInto(value, this.#bytes.subarray(this.#at, this.#at + length))
    this.#at += length
  }

  bytes(value: Uint8Array): void {
    this.#bytes?.set(value, this.#at)
    this.#at += value.byteLength
  }

  align(): void {
    const next = padded(this.#at)
    this.#bytes?.fill(0, this.#at, next)
    this.#at = next
  }
}
