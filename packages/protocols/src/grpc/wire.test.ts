import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire'
import { isPlatformError } from '@understudy/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WIRE_TYPE, WireReader } from './wire-reader.ts'
import { WireWriter } from './wire-writer.ts'

/** The library's writer: what ours must agree with. */
const written = (write: (writer: BinaryWriter) => unknown): Uint8Array => {
  const writer = new BinaryWriter()
  write(writer)
  return writer.finish()
}

describe('WireReader', () => {
  it('reads numbers of 64 bits as they were written, by halves exactly', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const reader = new WireReader(written((writer) => writer.int64(value)))
        reader.varint64()
        const halves = (BigInt(reader.high) << 32n) | BigInt(reader.low >>> 0)
        expect(halves).toBe(value)
        expect(reader.at).toBe(reader.end)
      }),
    )
  })

  it('reads integers within 2^53, signed and unsigned, and 32 bits', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer(), (wide, narrow) => {
        expect(new WireReader(written((writer) => writer.int64(wide))).int64()).toBe(wide)
        const unsigned = Math.abs(wide)
        expect(new WireReader(written((writer) => writer.uint64(unsigned))).uint64()).toBe(unsigned)
        expect(new WireReader(written((writer) => writer.int32(narrow))).int32()).toBe(narrow)
        expect(new WireReader(written((writer) => writer.uint32(narrow >>> 0))).uint32()).toBe(narrow >>> 0)
      }),
    )
  })

  it('gives views of its bytes, not copies', () => {
    const bytes = written((writer) => writer.bytes(Uint8Array.of(1, 2, 3)))
    const view = new WireReader(bytes).view()
    expect(view.buffer).toBe(bytes.buffer)
    expect([...view]).toEqual([1, 2, 3])
  })

  it('goes over fields of every wire type, groups included', () => {
    const bytes = written((writer) =>
      writer
        .tag(1, 0)
        .uint64(2n ** 60n)
        .tag(2, 1)
        .double(1.5)
        .tag(3, 2)
        .string('text')
        .tag(4, 3)
        .tag(5, 0)
        .uint32(7)
        .tag(4, 4)
        .tag(6, 5)
        .float(2)
        .tag(7, 2)
        .string('last'),
    )
    const reader = new WireReader(bytes)
    for (const expected of [1, 2, 3, 4, 6]) {
      expect(reader.next()).toBe(expected)
      reader.skip()
    }
    expect(reader.next()).toBe(7)
    expect(reader.text()).toBe('last')
    expect(reader.next()).toBe(0)
  })

  it('ends or refuses, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const reader = new WireReader(bytes)
        try {
          let fields = 0
          while (reader.next() !== 0) {
            reader.skip()
            fields += 1
          }
          expect(fields).toBeLessThanOrEqual(bytes.length)
          expect(reader.at).toBe(bytes.length)
        } catch (error) {
          if (!isPlatformError(error)) throw error
          expect(error.code).toBe('request.malformed')
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it.each([
    ['a number without an end', [0x08, 0xff]],
    ['a number of eleven bytes', [0x08, ...Array.from({ length: 10 }, () => 0xff), 0x01]],
    ['a field longer than what is left', [0x0a, 0x05, 1, 2]],
    ['a group without an end', [0x0b, 0x08, 0x01]],
    ['the field 0', [0x00, 0x01]],
    ['groups that nest without bounds', Array.from({ length: 10_000 }, () => 0x0b)],
  ])('refuses %s', (_what, bytes) => {
    const reader = new WireReader(Uint8Array.from(bytes))
    expect(() => {
      while (reader.next() !== 0) reader.skip()
    }).toThrow('not valid protocol buffers')
  })
})

describe('WireWriter', () => {
  it('writes what the library reads back, however it grows', () => {
    const values = fc.record({
      text: fc.string({ maxLength: 300 }),
      wide: fc.maxSafeInteger(),
      bytes: fc.uint8Array({ maxLength: 20_000 }),
      firstSize: fc.integer({ min: 1, max: 100 }),
    })
    fc.assert(
      fc.property(values, ({ text, wide, bytes, firstSize }) => {
        const writer = new WireWriter(firstSize)
        writer.text(1, text)
        writer.tag(2, WIRE_TYPE.varint)
        writer.int64(wide)
        const nested = writer.begin(3)
        writer.bytes(4, bytes)
        writer.end(nested)
        const reader = new BinaryReader(writer.finish())
        expect(reader.tag()).toEqual([1, 2])
        expect(reader.string()).toBe(Buffer.from(text).toString())
        expect(reader.tag()).toEqual([2, 0])
        expect(reader.int64()).toBe(BigInt(wide))
        expect(reader.tag()).toEqual([3, 2])
        const end = reader.uint32() + reader.pos
        expect(reader.tag()).toEqual([4, 2])
        expect(Buffer.compare(reader.bytes(), bytes)).toBe(0)
        expect(reader.pos).toBe(end)
        expect(reader.pos).toBe(reader.len)
      }),
    )
  })
})
