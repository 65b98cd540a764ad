import type { SignatureMapping } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { checkPredictSignature, mappingFor, signatureDefs } from './signature-defs.ts'

const species: SignatureMapping = { method: 'classify', scores: 'p' }
const genus: SignatureMapping = { method: 'classify', scores: 'q' }
const price: SignatureMapping = { method: 'regress', value: 'v' }

const notClassify = (found: string) =>
  `Expected classification signature method_name to be tensorflow/serving/classify. Was: tensorflow/serving/${found}`

describe('mappingFor', () => {
  it.each([
    ['x', { x: species, y: genus }, species],
    ['', { x: species, p: price }, species],
    ['serving_default', { x: species, p: price }, species],
    ['', { x: species, serving_default: genus }, genus],
    ['', { x: species, serving_default: price }, species],
  ])('finds the signature that %j means', (name, mappings, expected) => {
    expect(mappingFor('classify', name, mappings)).toBe(expected)
  })

  it.each([
    ['', {}, notClassify('predict')],
    ['serving_default', {}, notClassify('predict')],
    ['', { x: species, y: genus }, notClassify('predict')],
    ['', { p: price }, notClassify('predict')],
    ['p', { p: price }, notClassify('regress')],
    ['z', { x: species }, 'Serving signature name: "z" not found in signature def'],
    ['constructor', { x: species }, 'Serving signature name: "constructor" not found in signature def'],
  ])('answers %j of %j as TensorFlow Serving does', (name, mappings, message) => {
    expect(() => mappingFor('classify', name, mappings)).toThrow(
      expect.objectContaining({ code: 'request.malformed', message }),
    )
  })

  it('names the task of the call', () => {
    expect(() => mappingFor('regress', '', { x: species })).toThrow(
      'Expected regression signature method_name to be tensorflow/serving/regress. Was: tensorflow/serving/predict',
    )
  })
})

describe('checkPredictSignature', () => {
  it('lets the default signature take tensors, and no other', () => {
    expect(() => checkPredictSignature('', { x: species })).not.toThrow()
    expect(() => checkPredictSignature('serving_default', { serving_default: species })).not.toThrow()
    expect(() => checkPredictSignature('x', { x: species })).toThrow(
      'Expected prediction signature method_name to be tensorflow/serving/predict. Was: tensorflow/serving/classify',
    )
    expect(() => checkPredictSignature('z', { x: species })).toThrow(
      'Serving signature name: "z" not found in signature def',
    )
  })
})

describe('signatureDefs', () => {
  it('lists the model itself once, whatever mappings are called', () => {
    const names = signatureDefs({ inputs: [], outputs: [] }, { serving_default: price, x: species }).map(
      ({ name, methodName }) => [name, methodName],
    )
    expect(names).toEqual([
      ['serving_default', 'tensorflow/serving/predict'],
      ['x', 'tensorflow/serving/classify'],
    ])
  })
})
