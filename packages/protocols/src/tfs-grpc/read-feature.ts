import { WIRE_TYPE, type WireReader } from '../grpc/wire-reader.ts'
import { malformed } from '../tfs/element-errors.ts'
import type { Feature } from '../tfs/examples/example.ts'

/** Field of `Feature` by the kind of list that it holds. */
const LIST = { bytes: 1, float: 2, int64: 3 } as const
const VALUE = 1
const FLOAT_BYTES = 4

/** Told what reading makes beyond the bytes of the message. What it throws ends the reading. */
export interface ExampleBounds {
  /** Things with a memory of their own. */
  readonly takeObjects: (count: number) => void
  readonly takeRoom: (sizeBytes: number) => void
}

/**
 * Reads the `Feature` that stands next; undefined when it has no values.
 *
 * @throws PlatformError `request.malformed`, and what the bounds throw
 */
export function readFeature(reader: WireReader, bounds: ExampleBounds): Feature | undefined {
  let feature: Feature | undefined
  reader.expect(WIRE_TYPE.delimited)
  const outer = reader.enter()
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field > LIST.int64) {
      reader.skip()
      continue
    }
    reader.expect(WIRE_TYPE.delimited)
    const end = reader.enter()
    if (field === LIST.bytes) feature = { kind: 'bytes', values: readBytes(reader, bounds) }
    else if (field === LIST.float) feature = { kind: 'float', values: readFloats(reader) }
    else feature = { kind: 'int64', values: readIntegers(reader, bounds) }
    reader.leave(end)
  }
  reader.leave(outer)
  return feature === undefined || feature.values.length === 0 ? undefined : feature
}

function readBytes(reader: WireReader, { takeObjects }: ExampleBounds): readonly Uint8Array[] {
  const values: Uint8Array[] = []
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field !== VALUE) reader.skip()
    else {
      reader.expect(WIRE_TYPE.delimited)
      takeObjects(1)
      values.push(reader.view())
    }
  }
  return values
}

function readFloats(reader: WireReader): Float32Array {
  const values = new Float32Array(countOf(reader, WIRE_TYPE.bits32))
  let at = 0
  eachValue(reader, () => {
    values[at] = reader.float32()
    at += 1
  })
  return values
}

function readIntegers(reader: WireReader, { takeRoom }: ExampleBounds): BigInt64Array {
  const sizeBytes = reader.end - reader.at
  const count = countOf(reader, WIRE_TYPE.varint)
  const grownBytes = count * BigInt64Array.BYTES_PER_ELEMENT - sizeBytes
  if (grownBytes > 0) takeRoom(grownBytes)
  const values = new BigInt64Array(count)
  const halves = new Int32Array(values.buffer)
  let at = 0
  eachValue(reader, () => {
    reader.varint64()
    halves[at] = reader.low
    halves[at + 1] = reader.high
    at += 2
  })
  return values
}

/** Counts the values of the list that the reader stands in, and goes back to where it was. */
function countOf(reader: WireReader, wireType: number): number {
  const { at } = reader
  let count = 0
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field !== VALUE) reader.skip()
    else if (reader.wireType === WIRE_TYPE.delimited) count += countPacked(reader.view(), wireType)
    else {
      reader.expect(wireType)
      reader.skip()
      count += 1
    }
  }
  reader.at = at
  return count
}

function countPacked(bytes: Uint8Array, wireType: number): number {
  if (wireType === WIRE_TYPE.bits32) {
    if (bytes.length % FLOAT_BYTES !== 0) throw malformed('a list of numbers ends within a number')
    return bytes.length / FLOAT_BYTES
  }
  let count = 0
  for (const byte of bytes) if (byte < 0x80) count += 1
  return count
}

function eachValue(reader: WireReader, read: () => void): void {
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field !== VALUE) reader.skip()
    else if (reader.wireType === WIRE_TYPE.delimited) {
      const outer = reader.enter()
      while (reader.at < reader.end) read()
      reader.leave(outer)
    } else read()
  }
}
