import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DTYPES, type Signature } from '../tensor/tensor.ts'
import { outputComparisons } from './comparisons.ts'
import { parseModelConfig } from './parse.ts'

const signature: Signature = {
  inputs: [],
  outputs: [
    { name: 'label', dtype: 'int64', shape: ['N'] },
    { name: 'score', dtype: 'float32', shape: ['N', 3] },
  ],
}

describe('outputComparisons', () => {
  it.each(DTYPES)('lets an output of %s decide exactly if it is class-like', (dtype) => {
    const one = { inputs: [], outputs: [{ name: 'y', dtype, shape: [] }] }
    const isFloat = dtype.startsWith('float')
    expect(outputComparisons(one, parseModelConfig(''))).toEqual({
      y: isFloat
        ? { compare: { kind: 'tolerance', atol: 1e-5, rtol: 1e-3 }, gate: false }
        : { compare: { kind: 'equal' }, gate: true },
    })
  })

  it('takes what model.yaml says, and the rest by type', () => {
    const config = parseModelConfig(`outputs:
  score: {compare: {kind: argmax}, gate: true}
  label: {gate: false}
  absent: {gate: true}
`)
    expect(outputComparisons(signature, config)).toEqual({
      label: { compare: { kind: 'equal' }, gate: false },
      score: { compare: { kind: 'argmax' }, gate: true },
    })
  })

  it('compares every output, whatever a model calls it', () => {
    const name = fc.oneof(
      fc.string(),
      fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty'),
    )
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 5 }), (names) => {
        const outputs = names.map((one) => ({ name: one, dtype: 'int64' as const, shape: [] }))
        const result = outputComparisons({ inputs: [], outputs }, parseModelConfig(''))
        expect(new Set(Object.keys(result))).toEqual(new Set(names))
        for (const one of Object.values(result)) {
          expect(one).toEqual({ compare: { kind: 'equal' }, gate: true })
        }
      }),
    )
  })
})
