import { describe, expect, it } from 'vitest'
import { CATEGORIES, HTTP_STATUS } from './category.ts'
import { ERROR_REGISTRY } from './registry.ts'

const FAULTS = ['caller', 'modelAuthor', 'operator', 'platform', 'upstream']
const RETRIES = ['never', 'afterChange', 'backoff']

describe('ERROR_REGISTRY', () => {
  it('has a code of two parts, a known category, fault and retry, and a remedy in sentences for every error', () => {
    for (const [code, kind] of Object.entries(ERROR_REGISTRY)) {
      expect(code).toMatch(/^[a-z]+\.[a-z]+(_[a-z]+)*$/)
      expect(CATEGORIES, code).toContain(kind.category)
      expect(FAULTS, code).toContain(kind.fault)
      expect(RETRIES.includes(String(kind.retry)) || typeof kind.retry === 'object', code).toBe(true)
      expect(kind.remedy, code).toMatch(/^[A-Z`].*[.]$/s)
    }
  })

  it('keeps the codes of a domain together and in order', () => {
    const codes = Object.keys(ERROR_REGISTRY)
    const domains = codes.map((code) => code.split('.')[0])
    const runs = domains.filter((domain, i) => domain !== domains[i - 1])
    expect(new Set(runs).size).toBe(runs.length)
    for (const domain of runs) {
      const own = codes.filter((code) => code.startsWith(`${domain}.`))
      expect(own).toEqual([...own].sort())
    }
  })

  it('lets nothing be tried again that its caller has to change first', () => {
    const wrong = Object.entries(ERROR_REGISTRY).filter(
      ([, { category, retry }]) =>
        category === 'INVALID_ARGUMENT' && retry !== 'never' && retry !== 'afterChange',
    )
    expect(wrong).toEqual([])
  })
})

it('every category has an HTTP status of an error', () => {
  for (const category of CATEGORIES) {
    expect(HTTP_STATUS[category]).toBeGreaterThanOrEqual(400)
    expect(HTTP_STATUS[category]).toBeLessThan(600)
  }
})
