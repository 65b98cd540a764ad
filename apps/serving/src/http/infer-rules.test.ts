import type { DType } from '@understudy/core'
import { readInferDocument } from '@understudy/protocols'
import { describe, expect, it } from 'vitest'
import { isLargeInfer, leastBudget } from './infer-rules.ts'
import { KeptDocuments } from './kept-documents.ts'
import { LARGE_BODY_BYTES } from './large-bodies.ts'

const bytes = (text: string) => new Uint8Array(Buffer.from(text))
const head = (name: string, more = '') =>
  `{"inputs":[{"name":"${name}","shape":[1],"datatype":"INT8","parameters":{"binary_data_size":1}}]${more}}`

describe('isLargeInfer', () => {
  it.each([
    ['a small body', 'float32', LARGE_BODY_BYTES - 1, undefined, false],
    ['much JSON', 'float32', LARGE_BODY_BYTES, undefined, true],
    ['many bytes of numbers', 'float32', LARGE_BODY_BYTES * 9, 100, false],
    ['many bytes of numbers alone', 'int64', LARGE_BODY_BYTES * 9, 0, false],
    ['many bytes of texts', 'string', LARGE_BODY_BYTES, 100, true],
    ['many bytes of truths', 'bool', LARGE_BODY_BYTES, 0, true],
  ] as const)('says of %s', (_what, dtype: DType, size, headerLength, isLarge) => {
    const signature = { inputs: [{ name: 'x', dtype, shape: ['N'] }], outputs: [] }
    expect(isLargeInfer({ length: size }, { headerLength, model: 'm', signature })).toBe(isLarge)
  })
})

describe('leastBudget', () => {
  it.each([
    [undefined, undefined, undefined],
    [5, undefined, 5],
    [undefined, 7, 7],
    [5, 7, 5],
  ])('of %j and %j is %j', (a, b, least) => {
    expect(leastBudget(a, b)).toBe(least)
  })
})

describe('KeptDocuments', () => {
  it('gives what it has read before for the same bytes, and for no other', () => {
    const documents = new KeptDocuments()
    const first = documents.read(bytes(head('x')))
    expect(first).toEqual(readInferDocument(bytes(head('x'))))
    expect(documents.read(bytes(head('x')))).toBe(first)
    expect(documents.read(bytes(head('y'))).inputs[0]?.name).toBe('y')
    expect(documents.read(bytes(head('\u00e4'))).inputs[0]?.name).toBe('\u00e4')
  })

  it.each([
    ['an id of its own', head('x', ',"id":"1"')],
    ['data', '{"inputs":[{"name":"x","shape":[1],"datatype":"INT8","data":[1]}]}'],
    ['very many bytes', `${head('x')}${' '.repeat(2_048)}`],
  ])('keeps nothing that has %s', (_what, text) => {
    const documents = new KeptDocuments()
    expect(documents.read(bytes(text))).not.toBe(documents.read(bytes(text)))
  })

  it('forgets all when there are too many', () => {
    const documents = new KeptDocuments()
    const first = documents.read(bytes(head('x')))
    for (let at = 0; at < 256; at += 1) documents.read(bytes(head(`x${at}`)))
    expect(documents.read(bytes(head('x')))).not.toBe(first)
  })
})
