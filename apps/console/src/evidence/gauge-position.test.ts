import type { GateView } from '@understudy/api/views'
import { describe, expect, test } from 'vitest'
import { distanceFromCentre, readGauge } from './gauge-position.ts'

const LN20 = Math.log(20)
const LN400 = Math.log(400)

const gate = (over: Partial<GateView> = {}): GateView => ({
  gate: 'errors',
  source: 'live',
  property: 'errors',
  required: true,
  boundText: '',
  verdict: 'collecting',
  decides: true,
  margin: 0.01,
  nPlus: 1,
  nZero: 200,
  nMinus: 1,
  logHarm: 0,
  logSafe: 0,
  logFailAt: LN400,
  logPassAt: LN20,
  bound: null,
  pairsToPass: null,
  ...over,
})

describe('readGauge', () => {
  test.each([
    ['1×', 0, 50],
    ['the square root of the threshold', LN20 / 2, 69],
    ['the threshold', LN20, 88],
  ])('places safety of %s at 50 + 38 · ln E / ln threshold', (_what, logSafe, position) => {
    expect(readGauge(gate({ logSafe })).position).toBeCloseTo(position, 10)
  })

  test('places harm to the left, on its own threshold', () => {
    expect(readGauge(gate({ logHarm: LN400 / 2 }))).toMatchObject({
      side: 'harm',
      position: 31,
      threshold: 12,
    })
    expect(readGauge(gate({ logHarm: LN400 })).position).toBeCloseTo(12, 10)
  })

  test('shows the larger side, never both', () => {
    expect(readGauge(gate({ logHarm: 1, logSafe: 1.1 })).side).toBe('safe')
    expect(readGauge(gate({ logHarm: 1.2, logSafe: 1.1 })).side).toBe('harm')
  })

  test('rests at the centre while both sides are below 1×', () => {
    expect(readGauge(gate({ logHarm: -3, logSafe: -0.5 }))).toMatchObject({ position: 50, logValue: -0.5 })
  })

  test('says when there are no pairs', () => {
    expect(readGauge(gate({ nPlus: 0, nZero: 0, nMinus: 0 })).side).toBe('none')
  })
})

describe('distanceFromCentre', () => {
  test('is compressed beyond the threshold, grows with every step and never leaves the axis', () => {
    const distances = [LN20, LN20 + 0.5, LN20 + 1.2, LN20 + 10, LN20 + 700, Number.POSITIVE_INFINITY].map(
      (value) => distanceFromCentre(value, LN20),
    )
    expect(distances).toEqual([...distances].sort((a, b) => a - b))
    expect(new Set(distances).size).toBe(distances.length)
    expect(distances.every((distance) => distance >= 38 && distance <= 50)).toBe(true)
  })

  test('stays finite for what is not a number', () => {
    expect(distanceFromCentre(Number.NaN, LN20)).toBe(0)
    expect(distanceFromCentre(3, 0)).toBe(0)
  })
})
