import { allocateData, BYTES_PER_ELEMENT, DTYPES, type DType, isPlatformError } from '@understudy/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dtypeOf, OIP_DATATYPE } from './datatypes.ts'
import { decodeRawTensor, encodeRawTensor } from './raw-tensor.ts'

const NUMERIC = DTYPES.filter((dtype): dtype is Exclude<DType, 'string'> => dtype !== 'string')

/** The bytes at an address that is a multiple of 8 plus `shift`. */
function placed(bytes: Uint8Array, shift: number): Uint8Array {
  const buffer = new ArrayBuffer(bytes.length + shift)
  const view = new Uint8Array(buffer, shift)
  view.set(bytes)
  return view
}

const codeOf = (call: () => unknown): string => {
  try {
    call()
    return 'none'
  } catch (error) {
    return isPlatformError(error) ? error.code : String(error)
  }
}

describe('datatypes', () => {
  it('names every element type, each by a name of its own', () => {
    for (const dtype of DTYPES) expect(dtypeOf(OIP_DATATYPE[dtype])).toBe(dtype)
    expect(dtypeOf('BF16')).toBeUndefined()
    expect(dtypeOf('toString')).toBeUndefined()
  })
})

describe('decodeRawTensor', () => {
  it.each(NUMERIC)('gives the numbers of %s back bit by bit, at any address', (dtype) => {
    const size = BYTES_PER_ELEMENT[dtype]
    fc.assert(
      fc.property(fc.nat(9), fc.nat(7), fc.infiniteStream(fc.nat(255)), (elements, shift, source) => {
        const bytes = Uint8Array.from({ length: elements * size }, () => Number(source.next().value))
        if (dtype === 'bool') for (const [at, byte] of bytes.entries()) bytes[at] = byte % 2
        const tensor = decodeRawTensor(dtype, [elements], placed(bytes, shift))
        expect(tensor.data).toHaveLength(elements)
        expect(tensor.data.constructor).toBe(allocateData(dtype, 0).constructor)
        expect(Buffer.from(encodeRawTensor(tensor))).toEqual(Buffer.from(bytes))
      }),
      { numRuns: 50 },
    )
  })

  it('looks at aligned bytes where they are, and copies others once', () => {
    const aligned = placed(new Uint8Array(16), 8)
    const odd = placed(new Uint8Array(16), 3)
    expect((decodeRawTensor('float32', [4], aligned).data as Float32Array).buffer).toBe(aligned.buffer)
    expect((decodeRawTensor('float32', [4], odd).data as Float32Array).buffer).not.toBe(odd.buffer)
    expect((decodeRawTensor('uint8', [16], odd).data as Uint8Array).buffer).toBe(odd.buffer)
  })

  it('reads little-endian numbers', () => {
    expect(decodeRawTensor('int32', [1], Uint8Array.of(1, 2, 0, 0)).data).toEqual(Int32Array.of(513))
    const half = decodeRawTensor('float16', [1], Uint8Array.of(0x00, 0x3c))
    expect(half.data).toEqual(Uint16Array.of(0x3c00))
  })

  it('takes any byte but 0 as true', () => {
    expect(decodeRawTensor('bool', [3], Uint8Array.of(0, 1, 255)).data).toEqual(Uint8Array.of(0, 1, 1))
  })

  it('brings strings of any text back', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), (data) => {
        const bytes = encodeRawTensor({ dtype: 'string', shape: [data.length], data })
        expect(decodeRawTensor('string', [data.length], bytes).data).toEqual(data)
      }),
    )
  })

  it('takes a scalar and an empty tensor', () => {
    expect(decodeRawTensor('int8', [], Uint8Array.of(7)).data).toEqual(Int8Array.of(7))
    expect(decodeRawTensor('float64', [3, 0], new Uint8Array(0)).data).toHaveLength(0)
    expect(decodeRawTensor('string', [0], new Uint8Array(0)).data).toEqual([])
  })

  it.each([
    ['one byte too few', 'float32', [2, 2], new Uint8Array(15)],
    ['one byte too many', 'float32', [2, 2], new Uint8Array(17)],
    ['a negative size', 'uint8', [-1, -1], new Uint8Array(1)],
    ['a broken size', 'uint8', [0.5, 2], new Uint8Array(1)],
    ['2^31 elements', 'float32', [2 ** 31], new Uint8Array(8)],
    ['a product beyond 2^53', 'uint8', [2 ** 40, 2 ** 40], new Uint8Array(8)],
    ['2^31 strings', 'string', [2 ** 31], new Uint8Array(8)],
    ['a string without its length', 'string', [1], Uint8Array.of(1, 0)],
    ['a string beyond the end', 'string', [1], Uint8Array.of(2, 0, 0, 0, 65)],
    ['a string of 4 GiB', 'string', [1], Uint8Array.of(255, 255, 255, 255, 65)],
    ['bytes behind the last string', 'string', [1], Uint8Array.of(1, 0, 0, 0, 65, 66)],
    ['bytes that are no text', 'string', [1], Uint8Array.of(1, 0, 0, 0, 0xff)],
    ['a second string that is not there', 'string', [2], Uint8Array.of(4, 0, 0, 0, 65, 65, 65, 65)],
  ] as const)('refuses %s', (_what, dtype, shape, bytes) => {
    expect(codeOf(() => decodeRawTensor(dtype, shape, bytes))).toBe('request.malformed')
  })

  it('never fails but with a registered error, whatever bytes and shapes', () => {
    const sizes = fc.array(fc.oneof(fc.nat(4), fc.integer(), fc.double()), { maxLength: 3 })
    fc.assert(
      fc.property(fc.constantFrom(...DTYPES), sizes, fc.uint8Array(), (dtype, shape, bytes) => {
        expect(['none', 'request.malformed']).toContain(codeOf(() => decodeRawTensor(dtype, shape, bytes)))
      }),
      { numRuns: 500 },
    )
  })
})
