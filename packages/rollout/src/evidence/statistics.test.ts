import { describe, expect, it } from 'vitest'
import { logE } from './log-e.ts'
import {
  LOG_20,
  repeat,
  type Stream,
  shareOf,
  tableOf,
  type Watch,
  watchStream,
} from './simulation.fixture.ts'
import {
  anyAlarm,
  attempts,
  boundedAtMargin,
  lateFault,
  replay,
  rounding,
  segmentFlags,
} from './unit-simulation.fixture.ts'

const SEED = 20_260_801

/** The shares and medians of many runs of one stream. */
function table(times: number, stream: Stream, options: Watch) {
  return tableOf(repeat(SEED, times, (random) => watchStream(random, stream, options)))
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
    const { failed, passed } = table(300, { plus: 0.005, minus: 0.005 }, at(0.01, 10_000))
    expect(failed).toBeLessThanOrEqual(0.01)
    expect(passed).toBe(1)
  })

  it('fails an A/A candidate at a margin of 0 in at most 1 % of runs, G = 1', () => {
    expect(table(1_000, { plus: 0.005, minus: 0.005 }, at(0, 5_000)).failed).toBeLessThanOrEqual(0.01)
  })

  it('passes a candidate exactly at its margin in at most 5 % of runs, however often one looks', () => {
    const { passed, failed } = table(500, { plus: 0.01, minus: 0.005 }, at(0.005, 10_000))
    expect(passed).toBeLessThanOrEqual(0.05)
    expect(failed).toBeLessThanOrEqual(0.02)
  })

  it('fails errors that are 1 pp over a margin of 0.5 pp, and passes none', () => {
    const { failed, passed } = table(60, { plus: 0.02, minus: 0.005 }, at(0.005, 20_000))
    expect(failed).toBeGreaterThan(0.98)
    expect(passed).toBe(0)
  })

  it('keeps 20 A/A properties together below 1 % false alarms when each asks for G times as much', () => {
    const options = { properties: 20, pairs: 1_500, questions: 20 }
    expect(shareOf(repeat(SEED, 60, (random) => anyAlarm(random, options)))).toBe(0)
  })

  it('decides a disagreement budget of 2 % of rows: 1 % passes, 3 and 4 % fail, 2 % mostly neither', () => {
    const disagreement = (share: number, pairs = 10_000) =>
      table(100, { plus: share, minus: 0 }, { ...at(0.02, pairs), every: 50 })
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

  it('sees a fault that begins after 20,000 clean pairs within 200, because harm is a mean over steps', () => {
    const options = { clean: 20_000, share: 0.1, margin: 0.01, steps: 4 }
    const late = tableOf(repeat(SEED, 3, (random) => lateFault(random, options)))
    expect(late.pairsToFail).toBeLessThan(210)
    expect(late.pairsToPass).toBeGreaterThan(2_000)
  })

  it('fails 1 % of requests 400x slower at a budget of 0.2 %; a budget of 1 % neither fails nor passes them', () => {
    const slow = { plus: 0.01, minus: 0 }
    const strict = table(60, slow, at(0.002, 5_000))
    expect(strict.failed).toBe(1)
    expect(strict.pairsToFail).toBeLessThan(2_000)
    const loose = table(60, slow, at(0.01, 5_000))
    expect(loose.failed).toBeLessThanOrEqual(0.02)
    expect(loose.passed).toBeLessThanOrEqual(0.07)
  })

  it('raises false alarms and false passes when 8 rows of one run count, and none when the run counts', () => {
    const shares = (times: number) => ({
      alarms: table(100, { plus: 0.02, minus: 0.02 }, { ...at(0, 2_500), logSafe: NEVER, times }).failed,
      passes: table(100, { plus: 0.07, minus: 0.02 }, { ...at(0.05, 2_500), logHarm: NEVER, times }).passed,
    })
    expect(shares(8).alarms).toBeGreaterThan(0.2)
    expect(shares(8).passes).toBeGreaterThan(0.3)
    expect(shares(1).alarms).toBeLessThanOrEqual(0.02)
    expect(shares(1).passes).toBeLessThanOrEqual(0.07)
  })

  it('keeps its promises over requests replayed once each, and not over requests in cycles', () => {
    const shares = (requests: number, cycles: number) => {
      const results = repeat(SEED, 60, (random) => replay(random, { requests, cycles, budget: 0.05 }))
      return [shareOf(results.map((one) => one.failed)), shareOf(results.map((one) => one.passed))]
    }
    const [failed = 0, passed = 0] = shares(200, 20)
    expect(failed).toBeGreaterThan(0.08)
    expect(passed).toBeGreaterThan(0.08)
    const [failedOnce = 1, passedOnce = 1] = shares(2_000, 1)
    expect(failedOnce).toBeLessThanOrEqual(0.02)
    expect(passedOnce).toBeLessThanOrEqual(0.07)
  })

  it('passes a version at its margin in 20 fresh tries rarely, because the level halves with each', () => {
    const results = repeat(SEED, 60, (random) => attempts(random, { tries: 20, pairs: 2_500, margin: 0.01 }))
    expect(shareOf(results.map(({ alike }) => alike))).toBeGreaterThan(0.1)
    expect(shareOf(results.map(({ halved }) => halved))).toBeLessThanOrEqual(0.1)
  })

  it('passes no losses beyond the margin by rounding, and keeps its promises for losses exactly at it', () => {
    const rounded = repeat(SEED, 5, (random, run) => rounding(random, { run, pairs: 3_000, margin: 0.0125 }))
    expect(rounded).toEqual(rounded.map(() => ({ drawn: false, nearest: true })))
    const bounded = repeat(SEED, 20, (random, run) =>
      boundedAtMargin(random, { run, pairs: 1_500, margin: 0.01 }),
    )
    expect(shareOf(bounded.map(({ failed, passed }) => failed || passed))).toBeLessThanOrEqual(0.07)
  })

  it('flags segments that are harmed, and hardly any other', () => {
    const results = repeat(SEED, 50, (random) =>
      segmentFlags(random, { segments: 20, harmed: 4, pairs: 300 }),
    )
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
    expect(mean(results.map(({ found }) => found))).toBeGreaterThan(3.5)
    expect(mean(results.map(({ wrongShare }) => wrongShare))).toBeLessThanOrEqual(0.05)
  })
})

const NEVER = Number.POSITIVE_INFINITY

function at(delta: number, pairs: number): Watch {
  return { delta, pairs, every: 50 }
}
