import { describe, expect, it } from 'vitest'
import { deriveKeyCheckKey } from './api-key.ts'
import { deriveInputKey, sealBytes, unsealBytes } from './sealed-bytes.ts'

const KEY = deriveInputKey('the secret of one installation')
const TEXT = Buffer.from('diagnosis of a patient, diagnosis of a patient')

describe('sealed bytes', () => {
  it('open with their key, for their subject', () => {
    const sealed = sealBytes(KEY, TEXT, 'iris/r-1')
    expect(unsealBytes(KEY, sealed, 'iris/r-1')).toEqual(TEXT)
    expect(unsealBytes(KEY, sealBytes(KEY, Buffer.alloc(0), 'iris/r-1'), 'iris/r-1')).toEqual(Buffer.alloc(0))
  })

  it('show nothing of what they hold, and never look the same twice', () => {
    const sealed = sealBytes(KEY, TEXT, 'iris/r-1')
    expect(sealed.includes('diagnosis')).toBe(false)
    expect(sealBytes(KEY, TEXT, 'iris/r-1')).not.toEqual(sealed)
  })

  it('do not open with another key, for another subject, or after any bit was changed or cut off', () => {
    const sealed = sealBytes(KEY, TEXT, 'iris/r-1')
    expect(
      unsealBytes(deriveInputKey('another installation, its secret'), sealed, 'iris/r-1'),
    ).toBeUndefined()
    expect(unsealBytes(KEY, sealed, 'iris/r-2')).toBeUndefined()
    for (let at = 0; at < sealed.byteLength; at++) {
      const changed = Buffer.from(sealed)
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
      expect(unsealBytes(KEY, changed, 'iris/r-1')).toBeUndefined()
      expect(unsealBytes(KEY, sealed.subarray(0, at), 'iris/r-1')).toBeUndefined()
    }
  })

  it('have a key that nobody learns from another one of the installation', () => {
    expect(KEY).toMatch(/^[0-9a-f]{64}$/)
    expect(KEY).not.toBe(deriveKeyCheckKey('the secret of one installation'))
    expect(deriveInputKey('the secret of one installation')).toBe(KEY)
  })
})
