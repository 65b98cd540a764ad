import type { ByteSource } from './byte-source.ts'
import { notAModel } from './model-errors.ts'

/** One field of a message. A length-delimited value is a range, read only on demand. */
export type Field =
  | { readonly number: number; readonly kind: 'varint'; readonly value: bigint }
  | { readonly number: number; readonly kind: 'fixed' }
  | { readonly number: number; readonly kind: 'bytes'; readonly range: ByteRange }

export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** Counts down over a whole model, so that no arrangement of messages costs more than its limit. */
export interface FieldBudget {
  fieldsLeft: number
}

const MAX_VARINT_BYTES = 10

/**
 * Walks the fields of one protobuf message within its range.
 *
 * Never reads outside the range, never goes back, and ends after as many steps as the budget has fields.
 */
export class ProtobufCursor {
  readonly #source: ByteSource
  readonly #budget: FieldBudget
  readonly #end: number
  #at: number

  constructor(source: ByteSource, range: ByteRange, budget: FieldBudget) {
    this.#source = source
    this.#budget = budget
    this.#at = range.start
    this.#end = range.end
  }

  /** Where the next field begins: before and after {@link next}, the bytes of a whole field, its key included. */
  get position(): number {
    return this.#at
  }

  /** The next field, or undefined at the end of the message. */
  next(): Field | undefined {
    if (this.#at >= this.#end) return undefined
    if (this.#budget.fieldsLeft-- <= 0) throw notAModel('it has more fields than the platform reads')
    const key = this.varint()
    const number = Number(key >> 3n)
    if (number < 1 || number > 0x1fff_ffff) throw notAModel(`it has a field numbered ${number}`)
    switch (Number(key & 7n)) {
      case 0:
        return { number, kind: 'varint', value: this.varint() }
      case 1:
        return this.#fixed(number, 8)
      case 2:
        return { number, kind: 'bytes', range: this.#range() }
      case 5:
        return this.#fixed(number, 4)
      default:
        throw notAModel('its bytes do not follow the protobuf format')
    }
  }

  #fixed(number: number, sizeBytes: number): Field {
    if (this.#at + sizeBytes > this.#end)
      throw notAModel('it ends in the middle of a field; it looks cut off')
    this.#at += sizeBytes
    return { number, kind: 'fixed' }
  }

  #range(): ByteRange {
    const length = this.varint()
    if (length > BigInt(this.#end - this.#at)) {
      throw notAModel('it ends in the middle of a field; it looks cut off')
    }
    const start = this.#at
    this.#at += Number(length)
    return { start, end: this.#at }
  }

  /** The next number; only for the content of a packed field, which has numbers instead of fields. */
  varint(): bigint {
    const available = Math.min(MAX_VARINT_BYTES, this.#end - this.#at)
    const bytes = this.#source.read(this.#at, available)
    let low = 0
    for (let i = 0; i < available; i++) {
      const byte = bytes[i] ?? 0
      if (i < 4) {
        low |= (byte & 0x7f) << (7 * i)
        if (byte < 0x80) return this.#advance(i + 1, BigInt(low))
      } else if (byte < 0x80) {
        return this.#advance(i + 1, longVarint(bytes, i + 1))
      }
    }
    throw notAModel(
      available === MAX_VARINT_BYTES
        ? 'it has a number of more than 64 bits'
        : 'it ends in the middle of a number; it looks cut off',
    )
  }

  #advance(count: number, value: bigint): bigint {
    this.#at += count
    return value
  }
}

function longVarint(bytes: Uint8Array, count: number): bigint {
  let value = 0n
  for (let i = 0; i < count; i++) value |= BigInt((bytes[i] ?? 0) & 0x7f) << BigInt(7 * i)
  return BigInt.asUintN(64, value)
}
