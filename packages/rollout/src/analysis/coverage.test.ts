import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { coverageOf, type TrafficMinute } from './coverage.ts'

function minutes(count: number, requests: number, share: number): readonly TrafficMinute[] {
  return Array.from({ length: count }, () => ({ requests, sampled: requests * share }))
}

describe('coverageOf', () => {
  it('covers traffic that is sampled alike, however thinly', () => {
    const all = [...minutes(90, 1_000, 0.01), ...minutes(10, 50_000, 0.01)]
    expect(coverageOf(all)).toMatchObject({ minutes: 100, covered: true })
    expect(coverageOf(all).busyShare).toBeCloseTo(0.01, 9)
  })

  it('does not cover traffic whose busiest tenth is sampled below a fifth of the mean', () => {
    const all = [...minutes(90, 1_000, 0.5), ...minutes(10, 50_000, 0.08)]
    const coverage = coverageOf(all)
    expect(coverage).toMatchObject({ busyShare: 0.08, covered: false })
    expect(coverage.meanShare).toBeCloseTo(0.458, 9)
    expect(coverageOf([...minutes(90, 1_000, 0.5), ...minutes(10, 50_000, 0.1)]).covered).toBe(true)
  })

  it('takes a low share of few requests for chance', () => {
    expect(coverageOf([...minutes(9, 10, 1), { requests: 11, sampled: 0 }]).covered).toBe(true)
    expect(coverageOf([...minutes(9, 1_000, 1), { requests: 1_001, sampled: 0 }]).covered).toBe(false)
  })

  it('covers what has no traffic, and leaves out minutes without', () => {
    expect(coverageOf([])).toEqual({ minutes: 0, meanShare: 0, busyShare: 0, covered: true })
    expect(coverageOf([...minutes(5, 0, 0), ...minutes(1, 500, 1)])).toMatchObject({
      minutes: 1,
      meanShare: 1,
    })
  })

  it('does not depend on the order of minutes, equal ones included', () => {
    const minute = fc
      .nat({ max: 40 })
      .chain((requests) =>
        fc.nat({ max: requests }).map((sampled) => ({ requests: requests * 100, sampled: sampled * 100 })),
      )
    fc.assert(
      fc.property(fc.array(minute, { maxLength: 30 }), (all) => {
        const [forward, backward] = [coverageOf(all), coverageOf([...all].reverse())]
        expect(backward.covered).toBe(forward.covered)
        expect(backward.busyShare).toBeCloseTo(forward.busyShare, 12)
      }),
    )
  })
})
