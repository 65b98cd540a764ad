import { describe, expect, it } from 'vitest'
import { poissonTimes } from './poisson-times.ts'

const SPAN = { fromMs: 1_000, durationMs: 60_000 }

describe('poissonTimes', () => {
  it('comes in order, within its span, and the same again for the same seed', () => {
    const times = poissonTimes(100, 7, SPAN)
    expect([...times].sort((a, b) => a - b)).toEqual([...times])
    expect(times[0]).toBeGreaterThan(SPAN.fromMs)
    expect(times.at(-1)).toBeLessThanOrEqual(SPAN.fromMs + SPAN.durationMs)
    expect(poissonTimes(100, 7, SPAN)).toEqual(times)
    expect(poissonTimes(100, 8, SPAN)).not.toEqual(times)
  })

  it('keeps its rate, and its gaps vary as much as they are long', () => {
    const times = poissonTimes(100, 1, SPAN)
    expect(times.length).toBeGreaterThan(5_700)
    expect(times.length).toBeLessThan(6_300)
    const gaps = [...times.slice(1)].map((atMs, index) => atMs - (times[index] ?? 0))
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length)
    expect(deviation / mean).toBeGreaterThan(0.9)
    expect(deviation / mean).toBeLessThan(1.1)
  })
})
