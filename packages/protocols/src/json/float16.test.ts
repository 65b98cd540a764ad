import { describe, expect, it } from 'vitest'
import { decodeFloat16, encodeFloat16 } from './float16.ts'

const LARGEST = 0x7bff

describe('encodeFloat16', () => {
  it('gives every half its own bits back, infinities and zeros included', () => {
    const lost: number[] = []
    for (let bits = 0; bits <= 0xffff; bits += 1) {
      const value = decodeFloat16(bits)
      if (!Number.isNaN(value) && encodeFloat16(value) !== bits) lost.push(bits)
    }
    expect(lost).toEqual([])
    expect(decodeFloat16(encodeFloat16(Number.NaN))).toBeNaN()
  })

  it('rounds to the nearest half, and a value in the middle to the even one', () => {
    const wrong: number[] = []
    for (let bits = 0; bits < LARGEST; bits += 1) {
      const [low, high] = [decodeFloat16(bits), decodeFloat16(bits + 1)]
      const middle = (low + high) / 2
      const step = (high - low) / 8
      const even = bits % 2 === 0 ? bits : bits + 1
      const isRight =
        encodeFloat16(middle) === even &&
        encodeFloat16(middle - step) === bits &&
        encodeFloat16(-middle - step) === bits + 1 + 0x8000
      if (!isRight) wrong.push(bits)
    }
    expect(wrong).toEqual([])
  })

  it('makes infinity of what no half can hold', () => {
    expect([65_519, 65_520, 1e30, -65_520].map(encodeFloat16)).toEqual([LARGEST, 0x7c00, 0x7c00, 0xfc00])
  })
})
