import { describe, expect, it } from 'vitest'
import { outcomeOf, toEntries, toEntry } from './entry.ts'
import { targetOf } from './target.ts'

describe('toEntry', () => {
  it('is the median of what the rounds found, with them', () => {
    expect(toEntry(targetOf('1'), { id: '1', samples: [0.7, 0.61, 0.9] })).toEqual({
      id: '1',
      figure: 'REST JSON tiny, c=32, requests/s : deferred floor',
      value: 0.7,
      floorToPass: 0.6,
      goal: 0.8,
      samples: [0.7, 0.61, 0.9],
    })
  })

  it('takes a value that is no median, such as a sum', () => {
    expect(toEntry(targetOf('18'), { id: '18', samples: [0, 3, 1], value: 4 }).value).toBe(4)
  })

  it('keeps four digits', () => {
    expect(toEntry(targetOf('1'), { id: '1', samples: [0.123456] }).value).toBe(0.1235)
  })

  it.each([
    [{ id: '1', samples: [], reason: 'the node ended' }, 'the node ended'],
    [{ id: '1', samples: [Number.NaN] }, 'no figure came out'],
    [{ id: '1', samples: [Number.POSITIVE_INFINITY] }, 'no figure came out'],
  ])('says why there is no value: %j', (finding, reason) => {
    expect(toEntry(targetOf('1'), finding)).toMatchObject({ value: null, samples: [], reason })
  })
})

describe('toEntries', () => {
  it('orders as the targets are', () => {
    const findings = ['9b', '1', '9'].map((id) => ({ id, samples: [1] }))
    expect(toEntries(findings).map((entry) => entry.id)).toEqual(['1', '9', '9b'])
  })
})

describe('outcomeOf', () => {
  it.each([
    ['1', 0.8, 'goal'],
    ['1', 0.6, 'pass'],
    ['1', 0.59, 'miss'],
    ['9', 1.3, 'goal'],
    ['9', 2, 'pass'],
    ['9', 2.1, 'miss'],
    ['10', 0, 'goal'],
    ['10', 1, 'miss'],
  ])('judges figure %s of %d: %s', (id, value, outcome) => {
    const target = targetOf(id)
    expect(outcomeOf(target, toEntry(target, { id, samples: [value] }))).toBe(outcome)
  })

  it('does not judge what was not measured', () => {
    const target = targetOf('1')
    expect(outcomeOf(target, toEntry(target, { id: '1', samples: [] }))).toBe('not measured')
  })
})
