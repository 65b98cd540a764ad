import { externalLinearModel } from '@understudy/testing'
import { describe, expect, it } from 'vitest'
import { findExternalData } from './external-data.ts'

describe('findExternalData', () => {
  it('names the files in which a model keeps its weights', () => {
    expect(findExternalData(externalLinearModel('weights.bin', { inputs: 4, outputs: 3 }).model)).toEqual([
      'weights.bin',
    ])
  })
  it('finds none in other bytes, cut ones included', () => {
    expect(findExternalData(Buffer.from('no model'))).toEqual([])
    expect(findExternalData(Buffer.from('\x0a\x08location\x12\x7fshort', 'latin1'))).toEqual([])
    expect(findExternalData(Buffer.from('\x0a\x08location\x12', 'latin1'))).toEqual([])
    expect(findExternalData(Buffer.from('\x0a\x08location\x12\xff\xff\xff\xff\xff', 'latin1'))).toEqual([])
  })
})
