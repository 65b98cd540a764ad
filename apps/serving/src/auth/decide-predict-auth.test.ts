import { describe, expect, it } from 'vitest'
import { decidePredictAuth } from './decide-predict-auth.ts'

describe('decidePredictAuth', () => {
  it.each([
    ['needs no key on loopback', undefined, ['127.0.0.1', '::1', 'localhost'], 'off'],
    ['needs keys on loopback when told so', 'required', ['127.0.0.1'], 'required'],
    ['may be told that loopback needs none', 'off', ['127.0.0.1'], 'off'],
    ['needs keys where others can come', undefined, ['0.0.0.0'], 'required'],
    ['needs keys for all when one address is open', undefined, ['127.0.0.1', '::'], 'required'],
    ['takes a name that is not localhost for open', undefined, ['node-1.example'], 'required'],
    ['takes a name that begins like loopback for open', undefined, ['127.0.0.1.example'], 'required'],
  ] as const)('%s', (_guarantee, set, hosts, expected) => {
    expect(decidePredictAuth(set, hosts)).toBe(expected)
  })

  it('refuses to be open without keys, and names the address', () => {
    expect(decidePredictAuth('off', ['127.0.0.1', '0.0.0.0'])).toEqual({
      refusal: expect.stringContaining('0.0.0.0'),
    })
  })
})
