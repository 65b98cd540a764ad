import type { Signature } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { decodeInputs } from './decode-inputs.ts'
import { decodePredictCalls, scanPredictCalls } from './decode-predict-calls.ts'

const ONE: Signature = { inputs: [{ name: 'x', dtype: 'float32', shape: ['N'] }], outputs: [] }
const TWO: Signature = {
  inputs: [
    { name: 'x', dtype: 'float32', shape: ['N', 2] },
    { name: 'id', dtype: 'int64', shape: ['N'] },
  ],
  outputs: [],
}
const single = { isBatch: false, calls: 1 }
const scan = (text: string, signature: Signature, count = single) =>
  scanPredictCalls(Buffer.from(text), count, () => signature)

describe('scanPredictCalls', () => {
  it.each([
    ['{"model":"m","inputs":{"x":[1,2.5,-3e2]}}', ONE],
    ['{"model":"m","version":12,"inputs":{"x":7}}', ONE],
    [' { "model" : "m" , "instances" : [ 1 , 2 ] } ', ONE],
    ['{"model":"m","inputs":{"x":{"dtype":"float32","shape":[2,2],"data":[1,2,3,4]}}}', ONE],
    ['{"model":"m","inputs":{"id":{"data":[1,2],"shape":[2]},"x":[[1,2],[3,4]]}}', TWO],
    ['{"model":"m","instances":[{"x":[1,2],"id":1},{"id":2,"x":[3,4]}]}', TWO],
  ])('reads what the general reader reads: %s', (text, signature) => {
    const [call, more] = scan(text, signature) ?? []
    const input = JSON.parse(text)
    expect(call?.inputs).toEqual(decodeInputs(input, signature))
    expect(call?.target).toMatchObject({ model: 'm' })
    expect(call?.target.version).toBe(input.version)
    expect(more).toBeUndefined()
  })

  it('reads the calls of a batch', () => {
    const call = '{"model":"m","inputs":{"x":[1]}}'
    const calls = scan(`{"0":${call},"1":${call}}`, ONE, { isBatch: true, calls: 2 })
    expect(calls?.map(({ inputs }) => inputs.get('x')?.data)).toEqual([
      Float32Array.of(1),
      Float32Array.of(1),
    ])
  })

  it.each([
    '{"inputs":{"x":[1]},"model":"m"}',
    '{"model":"m","inputs":{"x":[1]},"outputs":["y"]}',
    '{"model":"m","label":"live","inputs":{"x":[1]}}',
    '{"model":"m","model":"n","inputs":{"x":[1]}}',
    '{"model":"\\u006d","inputs":{"x":[1]}}',
    '{"model":"m","version":01,"inputs":{"x":[1]}}',
    '{"model":"m","version":1.0,"inputs":{"x":[1]}}',
    '{"model":"m","inputs":{"x":["1"]}}',
    '{"model":"m","inputs":{"x":{"shape":[2],"data":[1]}}}',
    '{"model":"m","inputs":{"x":{"dtype":"float64","shape":[1],"data":[1]}}}',
    '{"model":"m","inputs":{"x":[1]}}x',
    '{"model":"m","inputs":{"x":[1]}',
    '[]',
    '',
  ])('leaves to the general reader: %s', (text) => {
    expect(scan(text, ONE)).toBeUndefined()
  })
})

describe('decodePredictCalls', () => {
  it('says nothing where one call of several is wrong', () => {
    const text = '{"0":{"model":"m","inputs":{"x":[1]}},"1":{"model":1}}'
    const count = { isBatch: true, calls: 2 }
    expect(decodePredictCalls(Buffer.from(text), count, () => ONE)).toBeUndefined()
  })
})
