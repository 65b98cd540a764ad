import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { binOfDifference, type Histogram } from '../evidence/histogram.ts'
import { seededRandom } from '../evidence/seeded-random.fixture.ts'
import { assessQualityDrift, type LossDay } from './assess-quality-drift.ts'

const MARGIN = 0.01
const [RIGHT, WRONG] = [100, 200]

/** So many answers, of which a share is wrong. */
function answers(count: number, wrongShare: number): Histogram {
  const wrong = Math.round(count * wrongShare)
  return [
    [RIGHT, count - wrong],
    [WRONG, wrong],
  ]
}

function days(count: number, wrongShare: (day: number) => number, perDay = 200): readonly LossDay[] {
  return Array.from({ length: count }, (_, day) => ({ day, bins: answers(perDay, wrongShare(day)) }))
}

/** Drawn, not exact. */
function drawn(random: () => number, count: number, wrongShare: number): Histogram {
  let wrong = 0
  for (let i = 0; i < count; i++) if (random() < wrongShare) wrong += 1
  return answers(count, wrong / count)
}

describe('assessQualityDrift', () => {
  const reference = answers(1_000, 0.1)

  it('is silent about a version that stays as it was in its rollout', () => {
    const drift = assessQualityDrift({ reference, days: days(90, () => 0.1), margin: MARGIN })
    expect(drift).toMatchObject({ alarm: false, sinceDay: null })
    expect(drift.live).toEqual({ count: 18_000, mean: expect.closeTo(0.1, 9) })
    expect(drift.reference).toEqual({ count: 1_000, mean: expect.closeTo(0.1, 9) })
  })

  it('alarms about one that is worse from the start', () => {
    const drift = assessQualityDrift({ reference, days: days(5, () => 0.25), margin: MARGIN })
    expect(drift).toMatchObject({ alarm: true, sinceDay: 0 })
  })

  it('finds a version that becomes worse after a good season within days, and says since when', () => {
    const turned = (until: number) => days(until, (day) => (day < 60 ? 0.08 : 0.25))
    expect(assessQualityDrift({ reference, days: turned(60), margin: MARGIN }).alarm).toBe(false)
    const drift = assessQualityDrift({ reference, days: turned(63), margin: MARGIN })
    expect(drift).toMatchObject({ alarm: true, sinceDay: 60 })
  })

  it('accepts a version that is worse by less than the margin', () => {
    const drift = assessQualityDrift({ reference, days: days(90, () => 0.14), margin: 0.05 })
    expect(drift.alarm).toBe(false)
  })

  it.each([
    ['nothing was scored in the rollout', []],
    ['all of it was wrong', answers(50, 1)],
    ['it was too little to bound anything', answers(2, 0)],
  ] as const)('bounds nothing, and never alarms, when %s', (_why, few) => {
    const drift = assessQualityDrift({ reference: few, days: days(30, () => 0.9), margin: 0.4 })
    expect(drift).toMatchObject({ alarm: false, limit: null, logE: null })
  })

  it('says nothing without outcomes of live answers', () => {
    for (const none of [[], [{ day: 0, bins: [] }]]) {
      const drift = assessQualityDrift({ reference, days: none, margin: MARGIN })
      expect(drift).toMatchObject({ alarm: false, logE: 0, live: { count: 0, mean: null } })
    }
  })

  it('does not depend on the order of days, nor on where days without outcomes are', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true })
    const list = fc.uniqueArray(fc.record({ day: fc.nat(400), share, count: fc.nat(50) }), {
      selector: ({ day }) => day,
      maxLength: 12,
    })
    fc.assert(
      fc.property(list, fc.integer(), (drawnDays, seed) => {
        const all = drawnDays.map((one) => ({ day: one.day, bins: answers(one.count, one.share) }))
        const random = seededRandom(seed)
        const shuffled = [...all].sort(() => random() - 0.5)
        const once = assessQualityDrift({ reference, days: all, margin: MARGIN })
        const again = assessQualityDrift({ reference, days: shuffled, margin: MARGIN })
        expect(again.alarm).toBe(once.alarm)
        expect(again.logE ?? 0).toBeCloseTo(once.logE ?? 0, 6)
        // All bets together are one: no mixture becomes more than the best bet on what came.
        expect(once.logE ?? 0).toBeLessThanOrEqual(mostOf(all, once.limit ?? 0))
      }),
    )
  })

  it('accuses a version that stays as it was in fewer than one life of a hundred, looked at every day', () => {
    const seed = 20_261_130
    const random = seededRandom(seed)
    const lives = 150
    let accused = 0
    for (let life = 0; life < lives; life++) {
      const before = drawn(random, 400, 0.1)
      const after: LossDay[] = []
      for (let day = 0; day < 25; day++) {
        after.push({ day, bins: drawn(random, 40, 0.1) })
        // What is more than the margin is asked of a version that is no worse at all.
        if (assessQualityDrift({ reference: before, days: after, margin: 0.001 }).alarm) {
          accused += 1
          break
        }
      }
    }
    expect(accused / lives, `seed ${seed}`).toBeLessThanOrEqual(0.01)
  })

  it('judges losses between right and wrong by their mean', () => {
    const binned = (loss: number): Histogram => {
      const bins = new Map<number, number>()
      for (let i = 0; i < 600; i++) {
        const bin = binOfDifference(loss, `r-${i}`, 'salt')
        bins.set(bin, (bins.get(bin) ?? 0) + 1)
      }
      return [...bins]
    }
    const same = assessQualityDrift({
      reference: binned(0.204),
      days: [{ day: 0, bins: binned(0.204) }],
      margin: MARGIN,
    })
    expect(same.alarm).toBe(false)
    expect(same.live.mean).toBeCloseTo(0.204, 2)
    const worse = assessQualityDrift({
      reference: binned(0.204),
      days: [{ day: 0, bins: binned(0.5) }],
      margin: MARGIN,
    })
    expect(worse.alarm).toBe(true)
  })
})

/** What a bet became if all that came had been wrong answers. */
function mostOf(all: readonly LossDay[], limit: number): number {
  const losses = all.reduce((sum, { bins }) => sum + bins.reduce((count, [, times]) => count + times, 0), 0)
  return losses * Math.log1p((1 - limit) / (1 + limit))
}
