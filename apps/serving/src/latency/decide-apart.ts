import type { LatencyGate } from '@understudy/rollout'

/** The first pairs show the comparator's own noise as often as the candidate: a hundred of each are there soon. */
const EARLY_PAIRS = 200
const EARLY_CALIBRATION_SHARE = 0.5
const CALIBRATION_SHARE = 0.1

export interface ApartFacts {
  /** Share of the mirrored runs that are run apart: 0 to 1. */
  readonly share: number
  /** No other pair is admitted, and the executor holds its versions. */
  readonly isIdle: boolean
  /** Pairs of the series that were admitted. */
  readonly pairs: number
}

/** How a run is run apart. */
export interface ApartRun {
  /** `calibration`: the baseline against itself. */
  readonly gate: LatencyGate
  readonly first: 'baseline' | 'candidate'
}

/**
 * Whether a run is run apart as well, for what, and which version begins: by coins and load alone, before anything runs. Null: it is not.
 *
 * @param random uniform in [0, 1)
 */
export function decideApart({ share, isIdle, pairs }: ApartFacts, random: () => number): ApartRun | null {
  if (!isIdle || random() >= share) return null
  const calibrationShare = pairs < EARLY_PAIRS ? EARLY_CALIBRATION_SHARE : CALIBRATION_SHARE
  return {
    gate: random() < calibrationShare ? 'calibration' : 'latency',
    first: random() < 0.5 ? 'baseline' : 'candidate',
  }
}
