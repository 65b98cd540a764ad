import { describe, expect, it } from 'vitest'
import { logE, logMeanExp } from './log-e.ts'
import { seededRandom } from './seeded-random.fixture.ts'

const SEED = 20_260_801
const LOG_20 = Math.log(20)

interface Stream {
  /** Probability that only the candidate, and that only the baseline shows the property. */
  readonly plus: number
  readonly minus: number
}

/** Runs a stream to `pairs`, looking every `every`: at how many pairs each test decided first. */
function watch(random: () => number, stream: Stream, options: Watch): { harm?: number; safe?: number } {
  const counters = { nPlus: 0, nZero: 0, nMinus: 0 }
  const decided: { harm?: number; safe?: number } = {}
  for (let pair = 1; pair <= options.pairs; pair++) {
    const draw = random()
    if (draw < stream.plus) counters.nPlus++
    else if (draw < stream.plus + stream.minus) counters.nMinus++
    else counters.nZero++
    if (pair % options.every !== 0) continue
    if (decided.harm === undefined && logE(counters, options.delta, 'harm') >= options.logHarm)
      decided.harm = pair
    if (decided.safe === undefined && logE(counters, options.delta, 'safe') >= LOG_20) decided.safe = pair
    if (decided.harm !== undefined && decided.safe !== undefined) break
  }
  return decided
}

interface Watch {
  readonly delta: number
  readonly logHarm: number
  readonly pairs: number
  readonly every: number
}

function repeat(times: number, stream: Stream, options: Watch) {
  const random = seededRandom(SEED)
  const results = Array.from({ length: times }, () => watch(random, stream, options))
  const median = (all: readonly (number | undefined)[]) => {
    const known = all.filter((value) => value !== undefined).sort((a, b) => a - b)
    return known[Math.floor(known.length / 2)] ?? Number.NaN
  }
  return {
    failed: results.filter((result) => result.harm !== undefined).length / times,
    passed: results.filter((result) => result.safe !== undefined).length / times,
    pairsToFail: median(results.map((result) => result.harm)),
    pairsToPass: median(results.map((result) => result.safe)),
  }
}

describe(`the figures of the evidence paper (seed ${SEED})`, () => {
  it.each([
    [0.01, 522],
    [0.005, 1_047],
    [0.001, 5_245],
  ])('clears a margin of %d after %i pairs without discordance, and not one earlier', (delta, pairs) => {
    expect(logE({ nPlus: 0, nZero: pairs, nMinus: 0 }, delta, 'safe')).toBeGreaterThanOrEqual(LOG_20)
    expect(logE({ nPlus: 0, nZero: pairs - 1, nMinus: 0 }, delta, 'safe')).toBeLessThan(LOG_20)
  })

  it('never fails and always passes A/A with 0.5 % errors at a margin of 1 pp', () => {
    const { failed, passed } = repeat(300, { plus: 0.005, minus: 0.005 }, at(0.01, 10_000))
    expect(failed).toBeLessThanOrEqual(0.01)
    expect(passed).toBe(1)
  })

  it('fails an A/A candidate at a margin of 0 in at most 1 % of runs, G = 1', () => {
    expect(repeat(1_000, { plus: 0.005, minus: 0.005 }, at(0, 5_000)).failed).toBeLessThanOrEqual(0.01)
  })

  it('passes a candidate exactly at its margin in at most 5 % of runs, however often one looks', () => {
    const { passed, failed } = repeat(500, { plus: 0.01, minus: 0.005 }, at(0.005, 10_000))
    expect(passed).toBeLessThanOrEqual(0.05)
    expect(failed).toBeLessThanOrEqual(0.02)
  })

  it('fails errors that are 1 pp over a margin of 0.5 pp, and passes none', () => {
    const { failed, passed } = repeat(60, { plus: 0.02, minus: 0.005 }, at(0.005, 20_000))
    expect(failed).toBeGreaterThan(0.98)
    expect(passed).toBe(0)
  })

  it('keeps 20 A/A properties together below 1 % false alarms when each asks for G times as much', () => {
    const random = seededRandom(SEED)
    const alarmed = (logHarm: number) =>
      Array.from({ length: 100 }, () =>
        Array.from({ length: 20 }, () =>
          watch(random, { plus: 0.01, minus: 0.01 }, { ...at(0, 1_500), logHarm }),
        ).some((result) => result.harm !== undefined),
      ).filter(Boolean).length
    expect(alarmed(Math.log(20 * 100))).toBeLessThanOrEqual(1)
  })

  it('decides a disagreement budget of 2 % of rows: 1 % passes, 3 and 4 % fail, 2 % mostly neither', () => {
    const disagreement = (share: number, pairs = 10_000) =>
      repeat(100, { plus: share, minus: 0 }, { ...at(0.02, pairs), every: 50 })
    const [one, three, four, two] = [
      disagreement(0.01),
      disagreement(0.03),
      disagreement(0.04),
      disagreement(0.02),
    ]
    expect(one.passed).toBe(1)
    expect(one.failed).toBe(0)
    expect(one.pairsToPass).toSatisfy((pairs: number) => pairs > 900 && pairs < 1_450)
    expect(three.failed).toBeGreaterThan(0.97)
    expect(three.pairsToFail).toSatisfy((pairs: number) => pairs > 1_900 && pairs < 3_100)
    expect(four.failed).toBe(1)
    expect(four.pairsToFail).toSatisfy((pairs: number) => pairs > 600 && pairs < 950)
    expect(two.failed).toBeLessThanOrEqual(0.02)
    expect(two.passed).toBeLessThanOrEqual(0.05)
  })

  it('sees a fault that begins late within 200 pairs, because harm is a mean over steps', () => {
    const clean = { nPlus: 0, nZero: 20_000, nMinus: 0 }
    const pairsUntil = (harm: (faulty: number) => number) => {
      for (let pairs = 10; ; pairs += 10) if (harm(pairs) >= Math.log(100)) return pairs
    }
    const late = (pairs: number) => ({ nPlus: pairs * 0.1, nZero: pairs * 0.9, nMinus: 0 })
    const byStep = pairsUntil((pairs) =>
      logMeanExp([logE(clean, 0.01, 'harm'), logE(late(pairs), 0.01, 'harm'), 0, 0]),
    )
    const summed = pairsUntil((pairs) =>
      logE({ nPlus: pairs * 0.1, nZero: 20_000 + pairs * 0.9, nMinus: 0 }, 0.01, 'harm'),
    )
    expect(byStep).toBeLessThan(200)
    expect(summed).toBeGreaterThan(2_000)
  })
})

function at(delta: number, pairs: number): Watch {
  return { delta, logHarm: Math.log(100), pairs, every: 100 }
}
