import { expect, it } from 'vitest'
import { assessQualityDrift } from './assess-quality-drift.ts'
import { describeQualityDrift } from './describe-quality-drift.ts'

const reference = [
  [100, 900],
  [200, 100],
] as const

function driftOf(wrong: number) {
  const bins = [
    [100, 1_000 - wrong],
    [200, wrong],
  ] as const
  return assessQualityDrift({ reference, days: [{ day: 0, bins }], margin: 0.01 })
}

it('says what a version lost live and before, and that it stays', () => {
  expect(describeQualityDrift(7, driftOf(300))).toMatch(
    /^v7 answers worse than in its rollout: a mean loss of 0\.3 over 1,000 outcomes since it went live, 0\.1 over 1,000 before\. Up to 0\.1\d+ .* It stays live/,
  )
})

it('says nothing of a version that is as good as it was', () => {
  expect(describeQualityDrift(7, driftOf(100))).toBeNull()
})
