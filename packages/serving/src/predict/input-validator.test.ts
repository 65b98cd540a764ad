import {
  allocateData,
  type DType,
  elementCount,
  type NamedTensors,
  type Signature,
  type Tensor,
} from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { codeOf } from '../test-support/errors.ts'
import { InputValidator } from './input-validator.ts'

function tensor(dtype: DType, ...shape: readonly number[]): Tensor {
  return { dtype, shape, data: allocateData(dtype, elementCount(shape)) }
}

function named(inputs: Readonly<Record<string, Tensor>>): NamedTensors {
  return new Map(Object.entries(inputs))
}

const IRIS: Signature = {
  inputs: [{ name: 'measurements', dtype: 'float32', shape: ['N', 4] }],
  outputs: [
    { name: 'label', dtype: 'int64', shape: ['N'] },
    { name: 'probabilities', dtype: 'float32', shape: ['N', 3] },
  ],
}
const TEXT: Signature = {
  inputs: [
    { name: 'ids', dtype: 'int64', shape: ['batch', 'length'] },
    { name: 'mask', dtype: 'int64', shape: ['rows', 'length'] },
    { name: 'free', dtype: 'float32', shape: ['', ''] },
  ],
  outputs: [{ name: 'out', dtype: 'float32', shape: ['batch'] }],
}

function refusal(signature: Signature, inputs: NamedTensors, batchable = true): string {
  try {
    new InputValidator(signature, batchable).check(inputs)
    return 'accepted'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const WORDS: Signature = {
  inputs: [
    { name: 'ids', dtype: 'int64', shape: ['N'] },
    { name: 'words', dtype: 'string', shape: ['N', 2] },
  ],
  outputs: [{ name: 'out', dtype: 'float32', shape: ['N'] }],
}

function words(...data: readonly string[]): NamedTensors {
  const rows = data.length / 2
  return named({ ids: tensor('int64', rows), words: { dtype: 'string', shape: [rows, 2], data } })
}

describe('InputValidator', () => {
  it('refuses a text with U+0000 as the fault of its caller, and names input and element', () => {
    const cut = words('a', 'b', 'c', 'd\0e')
    expect(() => new InputValidator(WORDS, true).check(cut)).toThrow(
      expect.objectContaining({ code: 'onnx.input_text_invalid', category: 'INVALID_ARGUMENT' }),
    )
    expect(refusal(WORDS, cut)).toBe(
      'Input "words": expected texts without the character U+0000, got one in element 3.',
    )
  })

  it('takes every other text, the empty one included', () => {
    expect(refusal(WORDS, words('', '\u0001', 'ÿ', '\ud83d\ude00'))).toBe('accepted')
  })

  it('says how many rows a request has', () => {
    const checked = new InputValidator(IRIS, true).check(named({ measurements: tensor('float32', 7, 4) }))
    expect([checked.rows, checked.shapeKey]).toEqual([7, ''])
  })

  it('counts one row where there is no batch axis', () => {
    const checked = new InputValidator(IRIS, false).check(named({ measurements: tensor('float32', 7, 4) }))
    expect(checked.rows).toBe(1)
  })

  it('hands on the inputs in the order of the signature', () => {
    const free = tensor('float32', 2, 9)
    const mask = tensor('int64', 2, 3)
    const ids = tensor('int64', 2, 3)
    const checked = new InputValidator(TEXT, true).check(named({ free, mask, ids }))
    expect([...checked.inputs.keys()]).toEqual(['ids', 'mask', 'free'])
  })

  it('gives different keys to requests whose inner sizes differ, the same otherwise', () => {
    const validator = new InputValidator(TEXT, true)
    const key = (rows: number, length: number, inner: number) =>
      validator.check(
        named({
          ids: tensor('int64', rows, length),
          mask: tensor('int64', rows, length),
          free: tensor('float32', rows, inner),
        }),
      ).shapeKey
    expect(key(1, 3, 2)).toBe(key(5, 3, 2))
    expect(new Set([key(1, 3, 2), key(1, 2, 3), key(1, 3, 3), key(1, 32, 2)]).size).toBe(4)
  })

  const measurements = tensor('float32', 1, 4)
  const ids = tensor('int64', 2, 3)
  const table: readonly (readonly [string, Signature, NamedTensors, string])[] = [
    [
      'a wrong static dimension',
      IRIS,
      named({ measurements: tensor('float32', 1, 3) }),
      'Input "measurements": expected float32 [N, 4], got float32 [1, 3].',
    ],
    [
      'a wrong rank',
      IRIS,
      named({ measurements: tensor('float32', 4) }),
      'Input "measurements": expected float32 [N, 4], got float32 [4].',
    ],
    [
      'a wrong type',
      IRIS,
      named({ measurements: tensor('float64', 1, 4) }),
      'Input "measurements": expected float32 [N, 4], got float64 [1, 4].',
    ],
    [
      'a missing input',
      IRIS,
      named({}),
      'Input "measurements" is missing: expected float32 [N, 4], got inputs: none.',
    ],
    [
      'an input under another name',
      IRIS,
      named({ x: measurements }),
      'Input "measurements" is missing: expected float32 [N, 4], got inputs: "x".',
    ],
    [
      'an input too many',
      IRIS,
      named({ measurements, 'ex\u00adtra': measurements }),
      'Input "ex\u00adtra" does not exist: the model takes "measurements".',
    ],
    [
      'no rows',
      IRIS,
      named({ measurements: tensor('float32', 0, 4) }),
      'Input "measurements": expected at least one row, got float32 [0, 4].',
    ],
    [
      'fewer elements than the shape says',
      IRIS,
      named({ measurements: { ...measurements, shape: [2, 4] } }),
      'Input "measurements": shape [2, 4] needs 8 elements, got 4.',
    ],
    [
      'a negative size',
      IRIS,
      named({ measurements: { dtype: 'float32', shape: [-1, 4], data: new Float32Array(0) } }),
      'Input "measurements": shape [-1, 4] needs -4 elements, got 0.',
    ],
    [
      'a symbolic dimension that differs between inputs',
      TEXT,
      named({ ids, mask: tensor('int64', 2, 4), free: tensor('float32', 2, 1) }),
      'Input "mask": expected dimension length to be 3 as in input "ids", got 4.',
    ],
    [
      'a batch axis that differs between inputs, whatever the model calls it',
      TEXT,
      named({ ids, mask: tensor('int64', 1, 3), free: tensor('float32', 2, 1) }),
      'Input "mask": expected dimension rows to be 2 as in input "ids", got 1.',
    ],
    [
      'a batch axis without a name that differs',
      TEXT,
      named({ ids, mask: ids, free: tensor('float32', 5, 1) }),
      'Input "free": expected dimension 0 to be 2 as in input "ids", got 5.',
    ],
  ]
  it.each(table)('refuses %s and names what was expected', (_what, signature, inputs, message) => {
    expect(refusal(signature, inputs)).toBe(message)
  })

  it('leaves nameless dimensions free and does not tie first axes where no batch axis is proved', () => {
    const inputs = named({ ids, mask: tensor('int64', 1, 3), free: tensor('float32', 5, 1) })
    expect(refusal(TEXT, inputs, false)).toBe('accepted')
  })

  it('gives every refusal its own code', async () => {
    const validator = new InputValidator(IRIS, true)
    const code = (inputs: Readonly<Record<string, Tensor>>) => codeOf(() => validator.check(named(inputs)))
    expect(await code({})).toBe('onnx.input_missing')
    expect(await code({ measurements, y: measurements })).toBe('onnx.input_unknown')
    expect(await code({ measurements: tensor('int8', 1, 4) })).toBe('onnx.input_type_mismatch')
    expect(await code({ measurements: tensor('float32', 1) })).toBe('onnx.input_shape_mismatch')
  })

  it('refuses outputs that the model does not have', () => {
    const validator = new InputValidator(IRIS, true)
    validator.checkOutputs(undefined)
    validator.checkOutputs(['label'])
    expect(() => validator.checkOutputs(['label', 'logits'])).toThrow(
      'Output "logits" does not exist: the model has "label", "probabilities".',
    )
  })

  it('keeps a hostile name short in its message', () => {
    const message = refusal(IRIS, named({ measurements, ['y'.repeat(10_000)]: measurements }))
    expect(message.length).toBeLessThan(300)
  })
})
