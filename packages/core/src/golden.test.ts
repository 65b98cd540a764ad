import { describe, expect, it } from 'vitest'
import { goldenSampleSchema } from './golden.ts'

const GOOD = { request: { inputs: { x: [[1]] } }, response: { outputs: { y: [1] } } }

describe('goldenSampleSchema', () => {
  it('fills in the tolerance, whole or in part', () => {
    expect(goldenSampleSchema.parse(GOOD).tolerance).toEqual({ atol: 1e-4, rtol: 1e-3 })
    expect(goldenSampleSchema.parse({ ...GOOD, tolerance: { rtol: 0 } }).tolerance).toEqual({
      atol: 1e-4,
      rtol: 0,
    })
  })

  it.each([
    ['another key', { ...GOOD, note: 'x' }],
    ['another key of the request', { ...GOOD, request: { inputs: {}, outputs: {} } }],
    ['inputs in a list', { ...GOOD, request: { inputs: [[1]] } }],
    ['an input without a name', { ...GOOD, request: { inputs: { '': [1] } } }],
    ['no answer', { request: GOOD.request }],
    ['a negative tolerance', { ...GOOD, tolerance: { atol: -1 } }],
    ['a tolerance that is no number', { ...GOOD, tolerance: { rtol: '0.1' } }],
  ])('refuses %s', (_, sample) => {
    expect(goldenSampleSchema.safeParse(sample).success).toBe(false)
  })
})
