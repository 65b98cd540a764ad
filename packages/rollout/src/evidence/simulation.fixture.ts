import type { Counters } from './counters.ts'
import { logE } from './log-e.ts'
import { seededRandom } from './seeded-random.fixture.ts'

/** Pairs of one property: the probability that only the candidate, and that only the baseline shows it. */
export interface Stream {
  readonly plus: number
  readonly minus: number
}

/** How a stream is looked at. Harm may be asked for at another margin than safety: the tables show its power at 0. */
export interface Watch {
  readonly delta: number
  readonly harmDelta?: number
  readonly pairs: number
  readonly every: number
  readonly logHarm?: number
  readonly logSafe?: number
  /**
   * How often each unit is counted: the mistake of counting rows that share one run.
   * @defaultValue 1
   */
  readonly times?: number
}

/** At how many pairs each test decided first. */
export interface Decided {
  readonly harm: number | undefined
  readonly safe: number | undefined
}

export const LOG_20 = Math.log(20)
export const LOG_100 = Math.log(100)

/** Share of requests that every version fails: what is wrong with them is wrong with the request. */
const FAILED_BY_BOTH = 0.003

/** Two versions that fail in these shares of requests. */
export function failing(baseline: number, candidate: number): Stream {
  return { plus: candidate - FAILED_BY_BOTH, minus: baseline - FAILED_BY_BOTH }
}

/** Runs a stream to its end, or until both tests have decided. */
export function watchStream(random: () => number, stream: Stream, options: Watch): Decided {
  const { delta, harmDelta = delta, logHarm = LOG_100, logSafe = LOG_20, times = 1 } = options
  const counters = { nPlus: 0, nZero: 0, nMinus: 0 }
  let harm: number | undefined
  let safe: number | undefined
  for (let pair = 1; pair <= options.pairs; pair++) {
    const draw = random()
    if (draw < stream.plus) counters.nPlus += times
    else if (draw < stream.plus + stream.minus) counters.nMinus += times
    else counters.nZero += times
    if (pair % options.every !== 0) continue
    if (harm === undefined && logE(counters, harmDelta, 'harm') >= logHarm) harm = pair
    if (safe === undefined && logE(counters, delta, 'safe') >= logSafe) safe = pair
    if (harm !== undefined && safe !== undefined) break
  }
  return { harm, safe }
}

/** What many runs came to. */
export interface Table {
  readonly failed: number
  readonly passed: number
  readonly pairsToFail: number
  readonly pairsToPass: number
}

/** Shares and medians of `runs` results. */
export function tableOf(results: readonly Decided[]): Table {
  const part = (key: keyof Decided) =>
    results.filter((result) => result[key] !== undefined).length / results.length
  return {
    failed: part('harm'),
    passed: part('safe'),
    pairsToFail: median(results.map(({ harm }) => harm)),
    pairsToPass: median(results.map(({ safe }) => safe)),
  }
}

/** Repeats a simulation with one stream of random numbers. */
export function repeat<T>(
  seed: number,
  runs: number,
  once: (random: () => number, run: number) => T,
): readonly T[] {
  const random = seededRandom(seed)
  return Array.from({ length: runs }, (_, run) => once(random, run))
}

/** The share of `true`. */
export function shareOf(results: readonly boolean[]): number {
  return results.filter(Boolean).length / results.length
}

/** A standard normal number. */
export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** Adds the same unit several times. */
export function addUnits(counters: Counters, difference: number, times: number): Counters {
  return {
    nPlus: counters.nPlus + (difference > 0 ? times : 0),
    nZero: counters.nZero + (difference === 0 ? times : 0),
    nMinus: counters.nMinus + (difference < 0 ? times : 0),
  }
}

function median(all: readonly (number | undefined)[]): number {
  const known = all.filter((value) => value !== undefined).sort((left, right) => left - right)
  return known[Math.floor(known.length / 2)] ?? Number.NaN
}
