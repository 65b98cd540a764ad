import { describe, expect, it } from 'vitest'
import { repeat, shareOf, tableOf, watchStream } from '../src/evidence/simulation.fixture.ts'
import { thresholds } from '../src/evidence/thresholds.ts'
import {
  anyAlarm,
  attempts,
  boundedAtMargin,
  lateFault,
  rounding,
  segmentFlags,
} from '../src/evidence/unit-simulation.fixture.ts'
import { note } from './figures.ts'

const SEED = 20_261_204

describe(`many questions and many tries (seed ${SEED})`, () => {
  it('fail fewer than 1 % of runs with 20 A/A properties when each is asked for 20 times as much, and many more when not', () => {
    const share = (questions: number) =>
      shareOf(repeat(SEED, 1_000, (random) => anyAlarm(random, { properties: 20, pairs: 2_000, questions })))
    const found = { shared: share(20), alone: share(1) }
    note('any of 20 A/A properties failed', found)
    expect(found.shared).toBeLessThanOrEqual(0.01)
    expect(found.alone).toBeGreaterThan(0.02)
  })

  it('pass a version at its margin by trying again unless the level halves', () => {
    const results = repeat(SEED, 1_000, (random) =>
      attempts(random, { tries: 20, pairs: 5_000, margin: 0.01 }),
    )
    const found = {
      alike: shareOf(results.map(({ alike }) => alike)),
      halved: shareOf(results.map(({ halved }) => halved)),
    }
    note('20 fresh tries at the margin passed', found)
    expect(found.alike).toBeGreaterThan(0.2)
    expect(found.halved).toBeLessThanOrEqual(0.1)
  })

  it('flag segments of which at most 5 % are wrong on average, and find those that are harmed', () => {
    const options = { segments: 20, harmed: 4, pairs: 300 }
    const results = repeat(SEED, 2_000, (random) => segmentFlags(random, options))
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
    const found = {
      found: mean(results.map((result) => result.found)),
      wrong: mean(results.map(({ wrongShare }) => wrongShare)),
    }
    note('4 of 20 segments harmed', found)
    expect(found.found).toBeGreaterThan(3.5)
    expect(found.wrong).toBeLessThanOrEqual(0.05)
  })
})

describe(`faults that hide (seed ${SEED})`, () => {
  it('that begin after 20,000 clean pairs are seen after about 160, because harm is a mean over steps', () => {
    const options = { clean: 20_000, share: 0.1, margin: 0.01, steps: 4 }
    const table = tableOf(repeat(SEED, 100, (random) => lateFault(random, options)))
    note('10 % errors after 20,000 clean pairs', { byStep: table.pairsToFail, summed: table.pairsToPass })
    expect(table.pairsToFail).toSatisfy((pairs: number) => pairs > 110 && pairs < 210)
    expect(table.pairsToPass).toBeGreaterThan(2_000)
  })

  it('as 1 % of requests 400x slower fail a budget of 0.2 % within 2,000 pairs as a rule, and neither fail nor pass one of 1 %', () => {
    const { logHarm } = thresholds(1, 3)
    const stream = { plus: 0.01, minus: 0 }
    const at = (delta: number, pairs: number) =>
      tableOf(
        repeat(SEED, 1_000, (random) => watchStream(random, stream, { delta, pairs, every: 20, logHarm })),
      )
    const [strict, loose] = [at(0.002, 5_000), at(0.01, 10_000)]
    note('1 % of runs over, overMargin 0.002', strict)
    note('1 % of runs over, overMargin 0.01', loose)
    expect(strict.failed).toBeGreaterThan(0.99)
    expect(strict.pairsToFail).toBeLessThan(2_000)
    expect(strict.passed).toBe(0)
    expect(loose.failed).toBeLessThanOrEqual(0.01)
    expect(loose.passed).toBeLessThanOrEqual(0.05)
  })
})

describe(`losses between 0 and 1 (seed ${SEED})`, () => {
  it('pass no candidate beyond its margin when rounded by chance, and each when rounded to the nearest', () => {
    const results = repeat(SEED, 200, (random, run) =>
      rounding(random, { run, pairs: 3_000, margin: 0.0125 }),
    )
    const found = {
      drawn: shareOf(results.map(({ drawn }) => drawn)),
      nearest: shareOf(results.map(({ nearest }) => nearest)),
    }
    note('losses beyond the margin passed', found)
    expect(found).toEqual({ drawn: 0, nearest: 1 })
  })

  it('keep both promises exactly at the margin', () => {
    const results = repeat(SEED, 500, (random, run) =>
      boundedAtMargin(random, { run, pairs: 4_000, margin: 0.01 }),
    )
    const found = {
      failed: shareOf(results.map(({ failed }) => failed)),
      passed: shareOf(results.map(({ passed }) => passed)),
    }
    note('losses exactly at the margin', found)
    expect(found.failed).toBeLessThanOrEqual(0.01)
    expect(found.passed).toBeLessThanOrEqual(0.05)
  })
})
