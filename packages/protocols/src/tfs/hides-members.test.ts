import type { Signature } from '@understudy/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../json/json-value.ts'
import { decodePredictBody } from './decode-predict-body.ts'
import { hidesMembers } from './hides-members.ts'

const hides = (text: string) => hidesMembers(text, JSON.parse(text) as JsonValue)

describe('hidesMembers', () => {
  it('finds every member that JSON.parse drops, and none in what JSON.stringify wrote', () => {
    expect(hides('{"a": 1, "a": 1}')).toBe(true)
    expect(hides('{"a": 1, "\\u0061": 1}')).toBe(true)
    expect(hides('[{"a:": ":", "b": {"c": 1, "c": 2}}]')).toBe(true)
    expect(hides('{"a": {"b": 1, "b:": ":"}, "c": [1, "::"]}')).toBe(false)
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value)
        if (!text.includes('\\u003')) expect(hides(text)).toBe(false)
      }),
    )
  })

  it('makes the first of several members count, however the body is read', () => {
    const signature: Signature = {
      inputs: [
        { name: 's', dtype: 'string', shape: ['N'] },
        { name: ':', dtype: 'float32', shape: ['N'] },
      ],
      outputs: [],
    }
    const text = fc.constantFrom('"x"', '"y:"', '"\\u003a"', '"\\""')
    const member = fc.oneof(
      text.map((value) => `"s": [${value}]`),
      text.map((value) => `"\\u0073": [${value}]`),
      fc.nat(9).map((value) => `":": [${value}]`),
      fc.constant('"other": {"a": 1, "a": 2}'),
    )
    const body = fc.array(member, { maxLength: 6 }).map((members) => `{"inputs": {${members.join(', ')}}}`)
    const outcome = (bytes: string) => {
      try {
        return decodePredictBody(Buffer.from(bytes), signature)
      } catch (error) {
        return String(error)
      }
    }
    fc.assert(
      fc.property(body, (one) => {
        expect(outcome(one)).toEqual(outcome(`${one} trailing bytes force the exact way`))
      }),
    )
  })
})
