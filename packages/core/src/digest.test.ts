import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ArtifactRef, canonicalJson, modelDigest, sha256Hex } from './digest.ts'

/** The same value with the keys of every object in another order. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, part]) => [key, reordered(part)]),
  )
}

describe('canonicalJson', () => {
  it('does not depend on the order of keys, and keeps the value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value)
        expect(canonicalJson(reordered(value))).toBe(text)
        // JSON has one zero.
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  it('depends on the order of a list', () => {
    expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]))
  })

  it('refuses what JSON does not have', () => {
    expect(() => canonicalJson(undefined)).toThrow(TypeError)
    expect(() => canonicalJson(Number.NaN)).toThrow()
    expect(() => canonicalJson({ a: Number.POSITIVE_INFINITY })).toThrow()
  })
})

it('sha256Hex equals the standard, also over text', () => {
  expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  expect(sha256Hex(new TextEncoder().encode('é'))).toBe(sha256Hex('é'))
})

describe('modelDigest', () => {
  const file = fc.record({
    path: fc.string({ minLength: 1 }),
    sha256: fc.string({ minLength: 1 }),
    sizeBytes: fc.nat(),
  })
  const files = fc.uniqueArray(file, { minLength: 1, maxLength: 6, selector: ({ path }) => path })
  const digest = (refs: readonly ArtifactRef[]) => modelDigest(refs, 'model.onnx')

  it('is the sha256 of what the design says', () => {
    const refs = [
      { path: 'b', sha256: '22', sizeBytes: 2 },
      { path: 'a', sha256: '11', sizeBytes: 1 },
    ]
    const text =
      '{"entryPoint":"a","files":[{"path":"a","sha256":"11","size":1},{"path":"b","sha256":"22","size":2}]}'
    expect(modelDigest(refs, 'a')).toBe(createHash('sha256').update(text).digest('hex'))
  })

  it('does not depend on the order of files, and does not change the list', () => {
    fc.assert(
      fc.property(files, (refs) => {
        const backwards = [...refs].reverse()
        expect(digest(Object.freeze(backwards))).toBe(digest(refs))
      }),
    )
  })

  it('changes with bytes, size, path, entry point, and with a file more or less', () => {
    fc.assert(
      fc.property(files, fc.nat(), (refs, at) => {
        const index = at % refs.length
        const change = (part: (ref: ArtifactRef) => Partial<ArtifactRef>) =>
          digest(refs.map((ref, i) => (i === index ? { ...ref, ...part(ref) } : ref)))
        const all = [
          digest(refs),
          change(({ sha256 }) => ({ sha256: `${sha256}0` })),
          change(({ sizeBytes }) => ({ sizeBytes: sizeBytes + 1 })),
          change(({ path }) => ({ path: `${path}~~~~~~~~~~~~~` })),
          modelDigest(refs, 'other.onnx'),
          digest(refs.filter((_, i) => i !== index)),
        ]
        expect(new Set(all).size).toBe(all.length)
      }),
    )
  })
})
