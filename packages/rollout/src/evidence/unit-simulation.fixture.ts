import { countFlagged } from '../analysis/segments.ts'
import { addHistograms, binOfDifference, type Histogram, logEOfHistogram } from './histogram.ts'
import { logE, logMeanExp } from './log-e.ts'
import { addUnits, LOG_20, LOG_100, type Stream, watchStream } from './simulation.fixture.ts'
import { thresholds } from './thresholds.ts'

const NONE = { nPlus: 0, nZero: 0, nMinus: 0 }

/** Whether requests that exactly exhaust a budget, replayed over and over or once each, were ever failed or passed. */
export function replay(random: () => number, options: { requests: number; cycles: number; budget: number }) {
  const { requests, cycles, budget } = options
  const differs = Array.from({ length: requests }, () => random() < budget)
  let counters = NONE
  const ever = { failed: false, passed: false }
  for (let pair = 0; pair < requests * cycles; pair++) {
    counters = addUnits(counters, differs[pair % requests] ? 1 : 0, 1)
    if (pair % 10 !== 9) continue
    ever.failed ||= logE(counters, budget, 'harm') >= LOG_100
    ever.passed ||= logE(counters, budget, 'safe') >= LOG_20
  }
  return ever
}

/** Whether one of `tries` fresh attempts passed a candidate at its margin, each at the same level or each at half of the one before. */
export function attempts(random: () => number, options: { tries: number; pairs: number; margin: number }) {
  const { tries, pairs, margin } = options
  const stream: Stream = { plus: margin + 0.005, minus: 0.005 }
  const passed = { alike: false, halved: false }
  for (let attempt = 1; attempt <= tries; attempt++) {
    const { logSafe } = thresholds(attempt, 1)
    const watch = { delta: margin, pairs, every: 50, logHarm: Number.POSITIVE_INFINITY }
    // One stream for both levels: the stricter one passes only what the other passes.
    const seen = watchGreatest(random, stream, watch)
    passed.alike ||= seen >= LOG_20
    passed.halved ||= seen >= logSafe
  }
  return passed
}

function watchGreatest(
  random: () => number,
  stream: Stream,
  watch: { delta: number; pairs: number; every: number },
) {
  const counters = { nPlus: 0, nZero: 0, nMinus: 0 }
  let greatest = 0
  for (let pair = 1; pair <= watch.pairs; pair++) {
    const draw = random()
    if (draw < stream.plus) counters.nPlus++
    else if (draw < stream.plus + stream.minus) counters.nMinus++
    else counters.nZero++
    if (pair % watch.every === 0) greatest = Math.max(greatest, logE(counters, watch.delta, 'safe'))
  }
  return greatest
}

/** Whether losses that are steadily a little beyond the margin pass, rounded by chance (as the platform does) or to the nearest. */
export function rounding(random: () => number, options: { run: number; pairs: number; margin: number }) {
  const { run, pairs, margin } = options
  const bins = { drawn: new Map<number, number>(), nearest: new Map<number, number>() }
  const passed = { drawn: false, nearest: false }
  const count = (map: Map<number, number>, bin: number) => map.set(bin, (map.get(bin) ?? 0) + 1)
  const clears = (map: Map<number, number>) => logEOfHistogram([...map], margin, 'safe') >= LOG_20
  for (let pair = 1; pair <= pairs; pair++) {
    const difference = margin + 0.0005 + 0.002 * random()
    count(bins.drawn, binOfDifference(difference, `r${run}-${pair}`, 'salt'))
    count(bins.nearest, Math.round(100 * (difference + 1)))
    if (pair % 50 !== 0) continue
    passed.drawn ||= clears(bins.drawn)
    passed.nearest ||= clears(bins.nearest)
  }
  return passed
}

/** Whether differences of losses whose mean is exactly the margin were ever failed or passed. */
export function boundedAtMargin(
  random: () => number,
  options: { run: number; pairs: number; margin: number },
) {
  const { run, pairs, margin } = options
  let histogram: Histogram = []
  const ever = { failed: false, passed: false }
  let fresh: [number, number][] = []
  for (let pair = 1; pair <= pairs; pair++) {
    const difference = margin + 0.4 * (random() - 0.5) + 0.4 * (random() - 0.5)
    fresh.push([binOfDifference(difference, `r${run}-${pair}`, 'salt'), 1])
    if (pair % 50 !== 0) continue
    histogram = addHistograms([histogram, fresh])
    fresh = []
    ever.failed ||= logEOfHistogram(histogram, margin, 'harm') >= LOG_100
    ever.passed ||= logEOfHistogram(histogram, margin, 'safe') >= LOG_20
  }
  return ever
}

/** Flags among segments of which the first `harmed` are beyond the margin and the others at it: those found, and those flagged wrongly. */
export function segmentFlags(
  random: () => number,
  options: { segments: number; harmed: number; pairs: number },
) {
  const { segments, harmed, pairs } = options
  const margin = 0.01
  const logs = Array.from({ length: segments }, (_, segment) => {
    const counters = { nPlus: 0, nZero: 0, nMinus: 0 }
    const plus = segment < harmed ? 0.08 : margin
    for (let pair = 0; pair < pairs; pair++) {
      if (random() < plus) counters.nPlus++
      else counters.nZero++
    }
    return { segment, log: logE(counters, margin, 'harm') }
  }).sort((left, right) => right.log - left.log)
  const flagged = logs.slice(0, countFlagged(logs.map(({ log }) => log)))
  const wrong = flagged.filter(({ segment }) => segment >= harmed).length
  return { found: flagged.length - wrong, wrongShare: flagged.length === 0 ? 0 : wrong / flagged.length }
}

/** How many pairs a fault needs to be seen that begins after a clean past, if harm is a mean over steps and if it is one sum. */
export function lateFault(
  random: () => number,
  options: { clean: number; share: number; margin: number; steps: number },
) {
  const past = { nPlus: 0, nZero: options.clean, nMinus: 0 }
  let now = NONE
  const seen: { byStep: number | undefined; summed: number | undefined } = {
    byStep: undefined,
    summed: undefined,
  }
  for (let pair = 1; pair <= 20_000 && seen.summed === undefined; pair++) {
    now = addUnits(now, random() < options.share ? 1 : 0, 1)
    const others = Array.from({ length: options.steps - 2 }, () => 0)
    const steps = [logE(past, options.margin, 'harm'), logE(now, options.margin, 'harm'), ...others]
    const sum = { ...now, nZero: now.nZero + options.clean }
    if (seen.byStep === undefined && logMeanExp(steps) >= LOG_100) seen.byStep = pair
    if (logE(sum, options.margin, 'harm') >= LOG_100) seen.summed = pair
  }
  return { harm: seen.byStep, safe: seen.summed }
}

/** A/A properties of which any may alarm: whether one did, asking each for `questions` times as much. */
export function anyAlarm(
  random: () => number,
  options: { properties: number; pairs: number; questions: number },
): boolean {
  return Array.from({ length: options.properties }, () =>
    watchStream(
      random,
      { plus: 0.01, minus: 0.01 },
      {
        delta: 0,
        pairs: options.pairs,
        every: 100,
        logHarm: LOG_100 + Math.log(options.questions),
        logSafe: Number.POSITIVE_INFINITY,
      },
    ),
  ).some(({ harm }) => harm !== undefined)
}
