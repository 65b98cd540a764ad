import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { atOnce, inTurns } from './in-turns.ts'
import { packTexts, unpackTexts } from './packed-texts.ts'

const there = (texts: readonly string[]) => atOnce(unpackTexts(atOnce(packTexts(texts))))

describe('packTexts', () => {
  it('brings back every text as it was, whatever is in it', () => {
    const unit = fc.oneof(fc.nat(0xff), fc.nat(0xffff))
    const text = fc.array(unit, { maxLength: 6 }).map((units) => String.fromCharCode(...units))
    fc.assert(
      fc.property(fc.array(text, { maxLength: 6 }), (texts) => {
        expect(there(texts)).toEqual(texts)
      }),
    )
    const odd = ['', '\0', 'ÿ', 'Ā', '\ud800', 'a\udc00', '\ud83d\ude00', 'x'.repeat(1_100_000), '']
    expect(there(odd)).toEqual(odd)
  })

  it('hands over buffers that are nobody else’s', () => {
    const { parts } = atOnce(packTexts(['a', 'ж']))
    for (const { bytes, lengths } of parts) {
      expect(bytes.byteLength).toBe(bytes.buffer.byteLength)
      expect(lengths.byteLength).toBe(lengths.buffer.byteLength)
    }
  })

  it('stays in order over many parts, and lets everything else run in between', async () => {
    const texts = Array.from({ length: 500_000 }, (_, index) => `t${index}`)
    let turns = 0
    let isOver = false
    const turn = () => {
      turns += 1
      if (!isOver) setImmediate(turn)
    }
    setImmediate(turn)
    const packed = await inTurns(packTexts(texts))
    const packing = turns
    const back = await inTurns(unpackTexts(packed))
    isOver = true
    expect(packing).toBeGreaterThan(1)
    expect(turns - packing).toBeGreaterThan(1)
    expect(back.length).toBe(texts.length)
    expect(back.findIndex((text, index) => text !== texts[index])).toBe(-1)
  })
})
