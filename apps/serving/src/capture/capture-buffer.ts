import { type CapturePlan, type Clock, type NamedTensors, sealBytes } from '@understudy/core'
import type { CaptureRow } from '@understudy/db/node'
import type { InputCapture, OfferedRequest } from '@understudy/serving'
import { encodeInputs, redactInputs } from './input-codec.ts'

/** A larger request is not kept: copying and encrypting it would hold up others. */
const REQUEST_BYTES_MAX = 1024 * 1024
/** What waits to be stored; beyond it requests are dropped. */
const WAITING_MAX = 1_000
const WAITING_BYTES_MAX = 16 * 1024 * 1024
/** Stored at a time: encrypted and sent within a few milliseconds. */
const BATCH_MAX = 200
const BATCH_BYTES_MAX = 4 * 1024 * 1024

/** What a captured request is sealed for. */
export function captureSubject(model: string, requestId: string): string {
  return `capture/${model}/${requestId}`
}

/** Requests that were to be kept and are not, since the start. */
export interface DroppedCaptures {
  readonly tooLarge: number
  readonly noRoom: number
}

interface WaitingRequest extends Omit<CaptureRow, 'body'> {
  readonly inputs: Buffer
}

/**
 * Holds captured requests until they are stored, encrypted. Bounded; what does not fit is dropped and counted, and no request waits for any
 * of it. What the policy redacts is gone before anything is held.
 */
export class CaptureBuffer implements InputCapture {
  readonly #key: string
  readonly #clock: Pick<Clock, 'now'>
  #waiting: WaitingRequest[] = []
  #bytes = 0
  #tooLarge = 0
  #noRoom = 0

  /** @param key 32 bytes, hex */
  constructor(key: string, clock: Pick<Clock, 'now'>) {
    this.#key = key
    this.#clock = clock
  }

  get dropped(): DroppedCaptures {
    return { tooLarge: this.#tooLarge, noRoom: this.#noRoom }
  }

  offer(
    model: string,
    { redact }: CapturePlan,
    { requestId, rows, inputs }: OfferedRequest & { readonly inputs: NamedTensors },
  ): void {
    if (this.#waiting.length >= WAITING_MAX || this.#bytes >= WAITING_BYTES_MAX) {
      this.#noRoom += 1
      return
    }
    if (sizeOf(inputs) > REQUEST_BYTES_MAX) {
      this.#tooLarge += 1
      return
    }
    const encoded = encodeInputs(redactInputs(inputs, redact))
    this.#bytes += encoded.byteLength
    this.#waiting.push({ model, requestId, rows, capturedAtMs: this.#clock.now(), inputs: encoded })
  }

  /**
   * Takes the oldest out, encrypted; undefined when nothing waits. Those that cannot be stored are dropped: they are a sample, and another
   * will come.
   */
  take(): readonly CaptureRow[] | undefined {
    if (this.#waiting.length === 0) return undefined
    let [count, bytes] = [0, 0]
    for (const { inputs } of this.#waiting) {
      if (count >= BATCH_MAX || (count > 0 && bytes + inputs.byteLength > BATCH_BYTES_MAX)) break
      count += 1
      bytes += inputs.byteLength
    }
    this.#bytes -= bytes
    return this.#waiting.splice(0, count).map(({ inputs, ...row }) => ({
      ...row,
      body: sealBytes(this.#key, inputs, captureSubject(row.model, row.requestId)),
    }))
  }
}

function sizeOf(inputs: NamedTensors): number {
  let bytes = 0
  for (const { data } of inputs.values()) {
    if (ArrayBuffer.isView(data)) bytes += data.byteLength
    else for (const text of data as readonly string[]) bytes += 2 * text.length
  }
  return bytes
}
