import { PlatformError, type Signature } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { encodeModelMetadata } from './encode-model-metadata.ts'
import { encodeModelStatus } from './encode-model-status.ts'

const failed = new PlatformError('onnx.load_failed', 'no such operator')
const versions = [
  { version: 3, state: 'warming' as const },
  { version: 2, state: 'available' as const },
  { version: 1, state: 'error' as const, error: failed },
]

describe('encodeModelStatus', () => {
  it('writes the version asked for, with its number as a string', () => {
    expect(encodeModelStatus({ model: 'm', selector: { kind: 'number', number: 2 } }, versions)).toBe(`{
 "model_version_status": [
  {
   "version": "2",
   "state": "AVAILABLE",
   "status": {
    "error_code": "OK",
    "error_message": ""
   }
  }
 ]
}
`)
  })

  it.each([{ kind: 'live' } as const, { kind: 'label', label: 'live' } as const])(
    'writes all versions for %j',
    (selector) => {
      expect(JSON.parse(encodeModelStatus({ model: 'm', selector }, versions))).toEqual({
        model_version_status: [
          { version: '3', state: 'LOADING', status: { error_code: 'OK', error_message: '' } },
          { version: '2', state: 'AVAILABLE', status: { error_code: 'OK', error_message: '' } },
          {
            version: '1',
            state: 'END',
            status: { error_code: 'FAILED_PRECONDITION', error_message: 'no such operator' },
          },
        ],
      })
    },
  )

  it('knows no version, or no model', () => {
    expect(() =>
      encodeModelStatus({ model: 'm', selector: { kind: 'number', number: 9 } }, versions),
    ).toThrow('Could not find version 9 of model m')
    expect(() => encodeModelStatus({ model: 'm', selector: { kind: 'live' } }, undefined)).toThrow(
      'Could not find any versions of model m',
    )
    expect(() => encodeModelStatus({ model: 'm', selector: { kind: 'live' } }, [])).toThrow(
      'Could not find any versions of model m',
    )
  })
})

describe('encodeModelMetadata', () => {
  const signature: Signature = {
    inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 4] }],
    outputs: [
      { name: 'y', dtype: 'int64', shape: [''] },
      { name: 's', dtype: 'string', shape: [] },
    ],
  }

  it('lists mapped signatures as exporters of TensorFlow write them', () => {
    const text = encodeModelMetadata('m', {
      servedBy: { version: 1 },
      signature: {
        inputs: signature.inputs,
        outputs: [
          { name: 'p', dtype: 'float32', shape: ['N', 3] },
          { name: 'l', dtype: 'int64', shape: ['N', 3] },
        ],
      },
      signatures: {
        species: { method: 'classify', scores: 'p', classes: 'l' },
        price: { method: 'regress', value: 'p' },
      },
    })
    const rows = { dim: [{ size: '-1', name: '' }], unknown_rank: false }
    const classes = { dim: [...rows.dim, { size: '3', name: '' }], unknown_rank: false }
    const inputs = {
      inputs: { dtype: 'DT_STRING', tensor_shape: rows, name: 'input_example_tensor:0' },
    }
    const { serving_default: own, ...mapped } = JSON.parse(text).metadata.signature_def.signature_def
    expect(own.method_name).toBe('tensorflow/serving/predict')
    expect(mapped).toEqual({
      species: {
        inputs,
        outputs: {
          classes: { dtype: 'DT_STRING', tensor_shape: classes, name: 'l:0' },
          scores: { dtype: 'DT_FLOAT', tensor_shape: classes, name: 'p:0' },
        },
        method_name: 'tensorflow/serving/classify',
        defaults: {},
      },
      price: {
        inputs,
        outputs: { outputs: { dtype: 'DT_FLOAT', tensor_shape: classes, name: 'p:0' } },
        method_name: 'tensorflow/serving/regress',
        defaults: {},
      },
    })
  })

  it('writes the signature with 64-bit integers as strings and symbolic dimensions as -1', () => {
    const text = encodeModelMetadata('m', { servedBy: { version: 123 }, signature, signatures: {} })
    expect(
      text.startsWith(
        '{\n"model_spec":{\n "name": "m",\n "signature_name": "",\n "version": "123"\n}\n,\n"metadata": {"signature_def": {\n',
      ),
    ).toBe(true)
    expect(JSON.parse(text)).toEqual({
      model_spec: { name: 'm', signature_name: '', version: '123' },
      metadata: {
        signature_def: {
          signature_def: {
            serving_default: {
              inputs: {
                x: {
                  dtype: 'DT_FLOAT',
                  tensor_shape: {
                    dim: [
                      { size: '-1', name: '' },
                      { size: '4', name: '' },
                    ],
                    unknown_rank: false,
                  },
                  name: 'x:0',
                },
              },
              outputs: {
                y: {
                  dtype: 'DT_INT64',
                  tensor_shape: { dim: [{ size: '-1', name: '' }], unknown_rank: false },
                  name: 'y:0',
                },
                s: { dtype: 'DT_STRING', tensor_shape: { dim: [], unknown_rank: false }, name: 's:0' },
              },
              method_name: 'tensorflow/serving/predict',
              defaults: {},
            },
          },
        },
      },
    })
  })
})
