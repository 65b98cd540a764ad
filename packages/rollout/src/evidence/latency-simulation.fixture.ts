import { logE, logMeanExp, type Side } from './log-e.ts'
import { type Decided, LOG_20, LOG_100, normal, type Watch } from './simulation.fixture.ts'

/** 16 edges over the run times of the simulated model, as the tables of the method have them. */
export const SIXTEEN_EDGES: readonly number[] = Array.from({ length: 16 }, (_, index) => 3 * 1.3 ** index)

/** How run times differ between two versions of a model whose runs take about 10 ms. */
export interface LatencyWorld {
  /** Random part of one run's time: 0.05 is 5 %. */
  readonly noise: number
  /** By how much longer the candidate takes in this run. */
  readonly slowdown: (random: () => number) => number
}

export const SAME: LatencyWorld['slowdown'] = () => 1

/** A share of runs that take so much longer. */
export function tail(share: number, factor: number): LatencyWorld['slowdown'] {
  return (random) => (random() < share ? factor : 1)
}

/** Run times of one input on both versions: alike in what the input costs, unlike in what chance adds. */
export function drawRunTimes(
  random: () => number,
  world: LatencyWorld,
): readonly [baselineMs: number, candidateMs: number] {
  const base = 10 * Math.exp(0.5 * normal(random))
  const run = () => base * Math.exp(world.noise * normal(random))
  return [run(), run() * world.slowdown(random)]
}

export interface LatencyWatch extends Watch {
  readonly edges: readonly number[]
}

/** Harm is the mean over edges, safety their minimum, and, to show why, also their mean. */
export interface LatencyDecided extends Decided {
  readonly meanSafe: number | undefined
}

/** Runs pairs of run times to the end, or until harm and safety have decided. */
export function watchLatency(
  random: () => number,
  world: LatencyWorld,
  options: LatencyWatch,
): LatencyDecided {
  const { edges, delta, harmDelta = delta, logHarm = LOG_100, logSafe = LOG_20, times = 1 } = options
  const tallies = new EdgeTallies(edges, times)
  const first: { harm?: number; safe?: number; meanSafe?: number } = {}
  for (let pair = 1; pair <= options.pairs; pair++) {
    tallies.add(drawRunTimes(random, world))
    if (pair % options.every !== 0) continue
    if (first.harm === undefined && logMeanExp(tallies.logs(harmDelta, 'harm')) >= logHarm) first.harm = pair
    if (first.safe === undefined) {
      const logs = tallies.logs(delta, 'safe')
      if (Math.min(...logs) >= logSafe) first.safe = pair
      if (logMeanExp(logs) >= logSafe) first.meanSafe ??= pair
    }
    if (first.harm !== undefined && first.safe !== undefined) break
  }
  return { harm: first.harm, safe: first.safe, meanSafe: first.meanSafe }
}

/** What was counted on each edge. */
class EdgeTallies {
  readonly #edges: readonly { readonly edgeMs: number; nPlus: number; nMinus: number }[]
  readonly #times: number
  #units = 0

  constructor(edges: readonly number[], times: number) {
    this.#edges = edges.map((edgeMs) => ({ edgeMs, nPlus: 0, nMinus: 0 }))
    this.#times = times
  }

  add([baselineMs, candidateMs]: readonly [number, number]): void {
    this.#units += this.#times
    for (const edge of this.#edges) {
      const candidate = candidateMs > edge.edgeMs
      if (candidate === baselineMs > edge.edgeMs) continue
      if (candidate) edge.nPlus += this.#times
      else edge.nMinus += this.#times
    }
  }

  logs(delta: number, side: Side): readonly number[] {
    return this.#edges.map(({ nPlus, nMinus }) =>
      logE({ nPlus, nZero: this.#units - nPlus - nMinus, nMinus }, delta, side),
    )
  }
}
