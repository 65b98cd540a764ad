import { describe, expect, it } from 'vitest'
import { type ConversionDecision, decideConversion } from './decide-conversion.ts'
import type { MovableTensor, TensorData } from './read-tensor.ts'
import type { ScannedModel } from './scan-model.ts'

const MIB = 1024 * 1024
const MODEL = { path: 'model.onnx', sizeBytes: 10 * MIB }
const SIDE = { path: 'side.bin', sizeBytes: 10 * MIB }

function tensor(sizeBytes: number, data: TensorData): MovableTensor {
  return { field: { start: 0, end: 0 }, kept: [], data, sizeBytes }
}

function inline(sizeBytes: number, start = 100): MovableTensor {
  return tensor(sizeBytes, { kind: 'inline', range: { start, end: start + sizeBytes } })
}

function external(sizeBytes: number, offset: number, more: { location?: string; length?: number } = {}) {
  const { location = 'side.bin', length } = more
  return tensor(sizeBytes, { kind: 'external', location, offset, length })
}

function decide(tensors: readonly MovableTensor[], fixed: readonly string[] = []): ConversionDecision {
  const model: ScannedModel = {
    sizeBytes: MODEL.sizeBytes,
    graphField: { start: 0, end: MODEL.sizeBytes },
    graph: { start: 8, end: MODEL.sizeBytes },
    tensors,
    fixedLocations: new Set(fixed),
  }
  return decideConversion(model, 'model.onnx', [MODEL, SIDE])
}

describe('decideConversion keeps a model as it came', () => {
  it.each<[string, readonly MovableTensor[], Partial<ConversionDecision>]>([
    ['without large initializers', [], { reason: null, mappable: false }],
    ['with less than 1 MiB of them', [inline(MIB - 1)], { reason: null, mappable: false }],
    [
      'with aligned external data',
      [external(2 * MIB, 4_096)],
      { reason: null, mappable: true, weightsBytes: 2 * MIB },
    ],
    [
      'with aligned external data and little inline',
      [inline(10_000), external(2 * MIB, 0)],
      { reason: null, mappable: true, weightsBytes: 2 * MIB },
    ],
    [
      'with external data in a file that it does not have',
      [external(2 * MIB, 0, { location: '../other.bin' })],
      { reason: 'an initializer lies in "../other.bin", which is not of this version' },
    ],
    [
      'with external data behind the end of their file',
      [external(2 * MIB, 9 * MIB)],
      { reason: 'an initializer ends behind the end of "side.bin"' },
    ],
    [
      'with external data of another length than its shape says',
      [external(2 * MIB, 0, { length: 4 })],
      { reason: 'an initializer has another length than its shape says' },
    ],
    [
      'with initializers that overlap',
      [external(2 * MIB, 1), external(2 * MIB, MIB)],
      { reason: 'initializers overlap' },
    ],
  ])('%s', (_, tensors, expected) => {
    expect(decide(tensors)).toMatchObject({ kind: 'plain', ...expected })
  })
})

describe('decideConversion moves', () => {
  it('large initializers to pages of their own, the largest also to large pages', () => {
    const decision = decide([inline(10_000, 100), inline(2 * MIB, 20_000), inline(8_192, 5 * MIB)])
    expect(decision).toMatchObject({
      kind: 'converted',
      weightsName: 'weights.bin',
      weightsBytes: 2 * MIB + 18_192,
      moves: [
        { start: 100, sizeBytes: 10_000, targetOffset: 0 },
        { start: 20_000, sizeBytes: 2 * MIB, targetOffset: 65_536 },
        { start: 5 * MIB, sizeBytes: 8_192, targetOffset: 65_536 + 2 * MIB },
      ],
    })
  })

  it('bytes that two initializers share once', () => {
    const decision = decide([external(2 * MIB, 100), external(2 * MIB, 100)])
    expect(decision).toMatchObject({ kind: 'converted', weightsFileBytes: 2 * MIB })
    expect(decision.kind === 'converted' && decision.relocations.map((one) => one.targetOffset)).toEqual([
      0, 0,
    ])
  })

  it('what does not begin at a page together with all else of its file, which is needed no more', () => {
    const decision = decide([external(2 * MIB, 100), external(12, 0)])
    expect(decision).toMatchObject({ kind: 'converted', emptied: ['side.bin'] })
    expect(decision.kind === 'converted' && decision.moves).toMatchObject([
      { sourcePath: 'side.bin', start: 0, sizeBytes: 12, targetOffset: 0 },
      { sourcePath: 'side.bin', start: 100, sizeBytes: 2 * MIB, targetOffset: 65_536 },
    ])
  })

  it('but keeps a file that a branch of the model reads', () => {
    expect(decide([external(2 * MIB, 100)], ['side.bin'])).toMatchObject({ kind: 'converted', emptied: [] })
  })

  it('to a name that no file of the version has', () => {
    const model: ScannedModel = {
      ...{ sizeBytes: 1, graphField: { start: 0, end: 1 }, graph: { start: 0, end: 1 } },
      ...{ tensors: [inline(2 * MIB)], fixedLocations: new Set<string>() },
    }
    const files = [
      { ...MODEL, path: 'm/model.onnx' },
      { ...SIDE, path: 'm/weights.bin' },
    ]
    expect(decideConversion(model, 'm/model.onnx', files)).toMatchObject({ weightsName: '1-weights.bin' })
  })
})
