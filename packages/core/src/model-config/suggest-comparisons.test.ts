import { describe, expect, it } from 'vitest'
import type { Dimension, DType, NamedTensors, Signature } from '../tensor/tensor.ts'
import { outputComparisons } from './comparisons.ts'
import { parseModelConfig } from './parse.ts'
import { suggestComparisons } from './suggest-comparisons.ts'

const ARGMAX = { compare: { kind: 'argmax' }, gate: true }
const EQUAL = { compare: { kind: 'equal' }, gate: true }
const COSINE = { compare: { kind: 'cosine', min: 0.999 }, gate: false }
const OVERLAP = { compare: { kind: 'setOverlap', min: 0.9 }, gate: false }
const TOLERANCE = { compare: { kind: 'tolerance', atol: 1e-5, rtol: 1e-3 }, gate: false }

function signatureOf(
  name: string,
  dtype: DType,
  shape: readonly Dimension[],
  input: Dimension = 'N',
): Signature {
  const inputs = [{ name: 'x', dtype: 'float32', shape: [input, 'T', 4] }] as const
  return { inputs, outputs: [{ name, dtype, shape }] }
}

function golden(name: string, shape: readonly number[], ...values: number[]): NamedTensors {
  return new Map([[name, { dtype: 'float32', shape, data: Float32Array.from(values) }]])
}

describe('suggestComparisons', () => {
  it.each<[name: string, dtype: DType, shape: readonly Dimension[], expected: unknown]>([
    ['label', 'string', ['N'], EQUAL],
    ['ids', 'int64', ['N', 3], EQUAL],
    ['flag', 'bool', [], EQUAL],
    ['probabilities', 'float32', ['N', 3], ARGMAX],
    ['class_scores', 'float16', [3], ARGMAX],
    ['Logits', 'float32', ['N', 'T', 50], ARGMAX],
    ['score', 'float32', ['N'], TOLERANCE],
    ['score', 'float32', ['N', 1], TOLERANCE],
    ['sentence_embedding', 'float32', ['N', 384], COSINE],
    ['price', 'float64', ['N'], TOLERANCE],
    ['y', 'float32', ['N', 3], TOLERANCE],
    ['boxes', 'float32', ['N', 'found', 4], OVERLAP],
    ['classes', 'int64', ['N', ''], OVERLAP],
    ['y', 'float32', ['unk__617', 3], TOLERANCE],
    ['hidden', 'float32', ['N', 'T', 8], TOLERANCE],
  ])('takes %s, %s %j, by type and name', (name, dtype, shape, expected) => {
    expect(suggestComparisons(signatureOf(name, dtype, shape), [])[name]).toEqual(expected)
  })

  it('knows a detector that takes one image by the open first axis of what it finds', () => {
    expect(suggestComparisons(signatureOf('boxes', 'float32', ['found', 4], 1), [])).toEqual({
      boxes: OVERLAP,
    })
  })

  it.each<[why: string, samples: readonly NamedTensors[], expected: unknown]>([
    ['rows that sum to 1', [golden('y', [2, 2], 0.25, 0.75, 1, 0), golden('y', [1, 2], 0.5, 0.5)], ARGMAX],
    ['a row that does not', [golden('y', [2, 2], 0.25, 0.75, 0.3, 0.3)], TOLERANCE],
    ['a sum of 1 with a negative part', [golden('y', [1, 2], -0.5, 1.5)], TOLERANCE],
    ['NaN', [golden('y', [1, 2], Number.NaN, 1)], TOLERANCE],
    ['nothing', [golden('y', [0, 2])], TOLERANCE],
    ['samples of other outputs', [golden('z', [1, 2], 0.5, 0.5)], TOLERANCE],
  ])('sees in golden samples %s', (_, samples, expected) => {
    expect(suggestComparisons(signatureOf('y', 'float32', ['N', 2]), samples).y).toEqual(expected)
  })

  it('learns the size of an open axis from golden samples', () => {
    const signature = signatureOf('y', 'float32', ['N', 'C'])
    expect(suggestComparisons(signature, [golden('y', [1, 3], 0.2, 0.3, 0.5)]).y).toEqual(ARGMAX)
    expect(suggestComparisons(signature, [golden('y', [2, 1], 1, 1)]).y).toEqual(OVERLAP)
  })
})

describe('outputComparisons with suggestions', () => {
  const signature = signatureOf('y', 'float32', ['N', 3])
  const suggested = { y: { compare: { kind: 'argmax' }, gate: true } } as const

  it.each([
    ['', ARGMAX],
    ['outputs: {y: {gate: false}}', { ...ARGMAX, gate: false }],
    ['outputs: {y: {compare: {kind: cosine}}}', COSINE],
    [
      'outputs: {y: {compare: {kind: topK, k: 2}, gate: true}}',
      { compare: { kind: 'topK', k: 2 }, gate: true },
    ],
  ])('lets model.yaml %j win over what was suggested', (text, expected) => {
    expect(outputComparisons(signature, parseModelConfig(text), suggested)).toEqual({ y: expected })
  })

  it('falls back to type and name, also where a suggestion is missing', () => {
    expect(outputComparisons(signature, parseModelConfig(''), {})).toEqual({ y: TOLERANCE })
  })
})
