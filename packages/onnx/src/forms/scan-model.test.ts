import { isPlatformError } from '@understudy/core'
import { OnnxBuilder, OnnxGraph } from '@understudy/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memorySource } from '../structure/byte-source.ts'
import { decideConversion } from './decide-conversion.ts'
import { graphParts, sizeOf } from './graph-parts.ts'
import { scanModel } from './scan-model.ts'

const float32 = (count: number) => ({
  dtype: 'float32' as const,
  shape: [count],
  data: Float32Array.from({ length: count }, (_, index) => index),
})

function model(): OnnxBuilder {
  const branch = new OnnxGraph('branch')
    .output('b', 'float32', [4_096])
    .initializer('inBranch', float32(4_096))
    .node('Identity', [['inBranch'], ['b']])
  return new OnnxBuilder()
    .input('c', 'bool', [])
    .output('y', 'float32', [4_096])
    .initializer('large', float32(400_000))
    .initializer('small', float32(10))
    .initializer('names', { dtype: 'string', shape: [2], data: ['a', 'b'.repeat(20_000)] })
    .node('If', [['c'], ['y']], {
      attributes: { then_branch: { graph: branch }, else_branch: { graph: branch } },
    })
}

/** What a caller may do with any bytes: the plain form is always there. */
function tryToConvert(bytes: Uint8Array): 'converted' | 'plain' | 'refused' {
  try {
    const scanned = scanModel(memorySource(bytes))
    const decision = decideConversion(scanned, 'model.onnx', [
      { path: 'model.onnx', sizeBytes: bytes.byteLength },
    ])
    if (decision.kind === 'converted') expect(sizeOf(graphParts(scanned, decision))).toBeGreaterThan(0)
    return decision.kind
  } catch (error) {
    if (isPlatformError(error) && error.code.startsWith('onnx.')) return 'refused'
    throw error
  }
}

describe('scanModel', () => {
  it('finds large raw initializers of the main graph, and leaves small ones, texts and those of branches', () => {
    const bytes = model().build()
    const { tensors } = scanModel(memorySource(bytes))
    expect(tensors.map(({ sizeBytes, data }) => [sizeBytes, data.kind])).toEqual([[1_600_000, 'inline']])
  })

  it('takes packed float_data as the raw bytes that it is', () => {
    const bytes = Buffer.from(new OnnxBuilder().initializer('w', float32(4_096)).build())
    const payload = bytes.indexOf(Buffer.from(float32(4_096).data.buffer))
    expect(bytes[payload - 4]).toBe((9 << 3) | 2)
    bytes[payload - 4] = (4 << 3) | 2
    const [tensor] = scanModel(memorySource(bytes)).tensors
    expect(tensor?.data).toEqual({ kind: 'inline', range: { start: payload, end: payload + 16_384 } })
  })

  it('leaves an initializer whose bytes do not fill its shape to ONNX Runtime', () => {
    const bytes = new OnnxBuilder().initializer('w', { ...float32(4_096), shape: [4_097] }).build()
    expect(scanModel(memorySource(bytes)).tensors).toEqual([])
  })

  it('converts what it was made for, so that the next two tests mean something', () => {
    expect(tryToConvert(model().build())).toBe('converted')
  })

  it('refuses a model that was cut off anywhere, and never fails in another way', () => {
    const bytes = model().build()
    fc.assert(
      fc.property(fc.nat(bytes.byteLength - 1), (length) => {
        // Bytes cut off at the end of a top-level field still make a model, with less in it.
        expect(['refused', 'converted']).toContain(tryToConvert(bytes.subarray(0, length)))
      }),
    )
  })

  it('never fails in another way for a model of which any bytes were changed', () => {
    const small = new OnnxBuilder().initializer('w', float32(2_100)).build()
    const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }))
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const bytes = Buffer.from(small)
        // The first 80 bytes hold the structure; the rest are weights.
        for (const [at, value] of changes) bytes[at % Math.min(80, bytes.length)] = value
        tryToConvert(bytes)
      }),
      { numRuns: 1_000 },
    )
  })
})
