import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isWholeMessage, MessageMeter } from './message-meter.ts'

function message(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(5 + sizeBytes, 7)
  bytes.writeUInt8(0, 0)
  bytes.writeUInt32BE(sizeBytes, 1)
  return bytes
}

it('isWholeMessage knows a message that is whole and alone', () => {
  expect([message(0), message(300)].map(isWholeMessage)).toEqual([true, true])
  const two = Buffer.concat([message(1), message(1)])
  expect([Buffer.alloc(0), Buffer.alloc(4), two, two.subarray(0, 8)].map(isWholeMessage)).toEqual(
    Array.from({ length: 4 }, () => false),
  )
})

it('knows after each piece, however the bytes are cut, how much of a message is there', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(300), { maxLength: 5 }), fc.array(fc.nat(900)), (sizes, cuts) => {
      const all = Buffer.concat(sizes.map(message))
      const ends = sizes.map((_, index) => sizes.slice(0, index + 1).reduce((sum, size) => sum + 5 + size, 0))
      const places = [...cuts.map((cut) => Math.min(cut, all.length)).sort((a, b) => a - b), all.length]
      const meter = new MessageMeter()
      let from = 0
      for (const to of places) {
        meter.read(all.subarray(from, to))
        const lastEnd = ends.findLast((end) => end <= to) ?? 0
        expect(meter.partialBytes).toBe(to - lastEnd)
        from = to
      }
    }),
  )
})
