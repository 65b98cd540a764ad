import { DTYPES } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { ownStore, sharedNumbers, sharedStore } from './number-store.ts'

const NUMBERS = DTYPES.filter((type) => !['string', 'bool', 'float16', 'int64', 'uint64'].includes(type))

describe('sharedStore', () => {
  it.each(NUMBERS)('gives %s stores of their own length, zeroed, that overlap no other', (type) => {
    const stores = Array.from({ length: 200 }, (_, index) => sharedStore(type, 3 * index + 1))
    for (const [index, store] of stores.entries()) {
      expect(store.every((value) => value === 0)).toBe(true)
      store.fill(index % 100)
    }
    for (const [index, store] of stores.entries()) {
      expect(store.constructor).toBe(ownStore(type, 1).constructor)
      expect(store.length).toBe(3 * index + 1)
      expect(store.every((value) => value === index % 100)).toBe(true)
    }
  })

  it('keeps no more than one block for a store, and gives large ones memory of their own', () => {
    expect(sharedStore('float32', 784).buffer.byteLength).toBe(128 * 1024)
    expect(sharedStore('float32', 4_096).buffer.byteLength).toBe(4 * 4_096)
  })
})

describe('sharedNumbers', () => {
  it('lays numbers of one type right behind one another, and those of a wider one where it may begin', () => {
    const odd = new Uint8Array(301 * 4)
    sharedNumbers('float32', 301, odd)
    expect(sharedNumbers('float64', 150, odd.subarray(0, 1_200)).byteOffset % 8).toBe(0)
    // A new block begins now and then: of many, nearly all lie behind the one before.
    const many = Array.from({ length: 100 }, () => sharedNumbers('float32', 301, odd))
    const behind = many.filter((one, index) => {
      const before = many[index - 1]
      return one.buffer === before?.buffer && one.byteOffset === before.byteOffset + before.byteLength
    })
    expect(behind.length).toBeGreaterThan(95)
  })

  it.each([0, 32, 784, 2_049])('copies %i numbers from any address, and changes with nobody', (length) => {
    const sizeBytes = 4 * length
    const source = Uint8Array.from({ length: sizeBytes + 1 }, (_, index) => index % 251)
    const expected = Buffer.from(source.subarray(1))
    const copies = Array.from({ length: 50 }, () => sharedNumbers('float32', length, source.subarray(1)))
    for (const { buffer, byteOffset, byteLength } of copies) {
      const bytes = Buffer.from(buffer, byteOffset, byteLength)
      expect(bytes.equals(expected)).toBe(true)
      bytes.fill(255)
    }
    expect(Buffer.from(source.subarray(1)).equals(expected)).toBe(true)
  })
})
