import type { Signature, TensorSpec } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { compareContract } from './compare-contract.ts'

const x: TensorSpec = { name: 'x', dtype: 'float32', shape: ['N', 4] }
const y: TensorSpec = { name: 'y', dtype: 'float32', shape: ['N', 3] }
const live: Signature = { inputs: [x], outputs: [y] }

const withInput = (...inputs: TensorSpec[]): Signature => ({ inputs, outputs: [y] })
const withOutput = (...outputs: TensorSpec[]): Signature => ({ inputs: [x], outputs })

describe('compareContract', () => {
  it.each<[string, Signature]>([
    ['the same signature', live],
    ['another name of a symbolic axis', withInput({ ...x, shape: ['batch', 4] })],
    ['an output more', withOutput(y, { ...y, name: 'extra' })],
    ['a wider input', withInput({ ...x, shape: ['N', 'M'] })],
    ['a more definite output', withOutput({ ...y, shape: [1, 3] })],
    ['another order', { inputs: [x], outputs: [{ ...y, name: 'extra' }, y] }],
  ])('accepts %s', (_what, next) => {
    expect(compareContract(live, next)).toEqual([])
  })

  it.each<[string, Signature, string]>([
    ['a missing output', withOutput(), 'output "y" (float32 [N, 3]) is missing'],
    ['a renamed input', withInput({ ...x, name: 'z' }), 'perhaps it was renamed to "z"'],
    ['an input more', withInput(x, { ...x, name: 'extra' }), 'input "extra" (float32 [N, 4]) is new'],
    [
      'another type',
      withOutput({ ...y, dtype: 'float64' }),
      'changes its type: from float32 [N, 3] to float64 [N, 3]',
    ],
    ['another rank', withInput({ ...x, shape: ['N', 2, 2] }), 'changes its rank'],
    ['another size', withInput({ ...x, shape: ['N', 5] }), 'changes the size of axis 1'],
    ['a fixed batch', withInput({ ...x, shape: [1, 4] }), 'changes the size of axis 0'],
  ])('names %s', (_what, next, words) => {
    expect(compareContract(live, next).join('\n')).toContain(words)
  })
})
