import { describe, expect, it } from 'vitest'
import { MessageCollector, messageOfChunk } from './whole-message.ts'

const MAX_BYTES = 10

function framed(bytes: readonly number[], flag = 0): Buffer {
  return Buffer.from([flag, 0, 0, 0, bytes.length, ...bytes])
}

function collected(bytes: Buffer, pieceBytes: number) {
  const collector = new MessageCollector(MAX_BYTES)
  for (let at = 0; at < bytes.length; at += pieceBytes) collector.add(bytes.subarray(at, at + pieceBytes))
  return collector.state()
}

const empty = Buffer.alloc(0)

describe('a chunk', () => {
  it('that is one message gives it, and no other does', () => {
    expect(messageOfChunk(framed([7, 8]), MAX_BYTES)).toEqual(Buffer.from([7, 8]))
    expect(messageOfChunk(framed([]), MAX_BYTES)).toEqual(empty)
    const others = [
      empty,
      framed([7, 8]).subarray(0, 4),
      framed([7, 8]).subarray(0, 6),
      Buffer.concat([framed([7]), framed([8])]),
      framed([7], 1),
      framed(new Array(11).fill(1)),
    ]
    for (const other of others) expect(messageOfChunk(other, MAX_BYTES)).toBeUndefined()
  })
})

describe.each([[1], [2], [3], [5], [100]])('in pieces of %i', (pieceBytes) => {
  it.each([
    ['one message', framed([7, 8, 9]), { kind: 'whole', message: Buffer.from([7, 8, 9]) }],
    ['an empty message', framed([]), { kind: 'whole', message: empty }],
    ['nothing', empty, { kind: 'none' }],
    ['less than a prefix', framed([7]).subarray(0, 3), { kind: 'partial' }],
    ['less than a message', framed([7, 8]).subarray(0, 6), { kind: 'partial' }],
    ['more than a message', Buffer.concat([framed([7]), framed([])]), { kind: 'several' }],
    [
      'a message at the limit',
      framed(new Array(10).fill(1)),
      { kind: 'whole', message: Buffer.alloc(10, 1) },
    ],
    ['one beyond it', framed(new Array(11).fill(1)), { kind: 'too-large', sizeBytes: 11 }],
    ['one that says it is compressed', framed([7], 1), { kind: 'compressed' }],
  ])('%s is seen as that', (_what, bytes, expected) => {
    expect(collected(bytes, pieceBytes)).toEqual(expected)
  })
})
