import type { ServedBy } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { AnswerText } from './answer-text.ts'

const servedBy: ServedBy = {
  model: 'm',
  version: 2,
  digest: 'd2',
  commit: 'c2',
  variant: 'live',
  generation: 7,
}
const parts = { servedBy, requestId: 'r1', planAgeMs: undefined, body: '{}' }

describe('AnswerText', () => {
  it('tells the date of the second in which an answer is made, whichever way the clock goes', () => {
    let nowMs = Date.parse('2026-01-02T03:04:05.999Z')
    const text = new AnswerText(75_000, () => nowMs)
    const date = () => /\r\nDate: (.*)\r\n/.exec(text.of(parts) ?? '')?.[1]
    expect(date()).toBe('Fri, 02 Jan 2026 03:04:05 GMT')
    nowMs += 1
    expect(date()).toBe('Fri, 02 Jan 2026 03:04:06 GMT')
    nowMs -= 60_000
    expect(date()).toBe('Fri, 02 Jan 2026 03:03:06 GMT')
  })

  it('leaves a body whose bytes are more than its characters to others', () => {
    expect(new AnswerText(75_000).of({ ...parts, body: '{"y":"é"}' })).toBeUndefined()
  })

  it('writes nothing into a head that could begin another header', () => {
    const hostile = { ...servedBy, commit: 'c\r\nset-cookie: a=b' }
    expect(() => new AnswerText(75_000).of({ ...parts, servedBy: hostile })).toThrow('Invalid character')
  })
})
