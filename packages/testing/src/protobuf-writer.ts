/** Bytes of one protobuf message, or of a part of one. */
export type WireBytes = Uint8Array

const VARINT = 0
const LENGTH_DELIMITED = 2
const FIXED32 = 5

/** A whole number in base 128, low bits first; a negative one as its 64-bit two's complement. */
function varint(value: number | bigint): WireBytes {
  let rest = BigInt.asUintN(64, BigInt(value))
  const bytes: number[] = []
  do {
    const low = Number(rest & 0x7fn)
    rest >>= 7n
    bytes.push(rest > 0n ? low | 0x80 : low)
  } while (rest > 0n)
  return Uint8Array.from(bytes)
}

/** Joins parts of a message in order. */
export function message(...parts: readonly (WireBytes | readonly WireBytes[])[]): WireBytes {
  return Buffer.concat(parts.flat())
}

/** A whole-number field. */
export function integerField(field: number, value: number | bigint): WireBytes {
  return message(varint((field << 3) | VARINT), varint(value))
}

/** A 32-bit float field. */
export function floatField(field: number, value: number): WireBytes {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value)
  return message(varint((field << 3) | FIXED32), bytes)
}

/** A text, bytes or nested-message field. */
export function bytesField(field: number, value: string | WireBytes): WireBytes {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  return message(varint((field << 3) | LENGTH_DELIMITED), varint(bytes.length), bytes)
}
