/** Live requests of one minute that could have been sampled, and those that were. */
export interface TrafficMinute {
  readonly requests: number
  readonly sampled: number
}

/** How much of the traffic the evidence speaks for. */
export interface Coverage {
  /** Minutes with traffic. */
  readonly minutes: number
  /** Mean, over the minutes, of the share of requests that were sampled: 0 to 1. */
  readonly meanShare: number
  /** Share sampled in the busiest tenth of the minutes: 0 to 1. */
  readonly busyShare: number
  /** False: the busiest minutes were sampled so much less than the others that the evidence does not speak for them. */
  readonly covered: boolean
}

/** The busiest minutes count as left out below this part of the mean share. */
const LEAST_PART = 0.2
/** With fewer requests expected in the sample of the busiest minutes, a low share may be chance. */
const LEAST_EXPECTED = 100

/**
 * Compares the share sampled in the busiest tenth of the minutes with the mean share. Load decides what is sampled, so harm that comes only
 * with load would go unseen.
 *
 * Minutes as busy as the least of the tenth belong to it, so the order of equal ones does not matter.
 */
export function coverageOf(all: readonly TrafficMinute[]): Coverage {
  const minutes = all.filter(({ requests }) => requests > 0)
  if (minutes.length === 0) return { minutes: 0, meanShare: 0, busyShare: 0, covered: true }
  const byLoad = minutes.map(({ requests }) => requests).sort((left, right) => right - left)
  const least = byLoad[Math.ceil(byLoad.length / 10) - 1] ?? 0
  let [requests, sampled] = [0, 0]
  for (const minute of minutes) {
    if (minute.requests < least) continue
    requests += minute.requests
    sampled += minute.sampled
  }
  const meanShare = minutes.reduce((sum, one) => sum + one.sampled / one.requests, 0) / minutes.length
  const busyShare = sampled / requests
  const known = requests * meanShare >= LEAST_EXPECTED
  return {
    minutes: minutes.length,
    meanShare,
    busyShare,
    covered: !known || busyShare >= LEAST_PART * meanShare,
  }
}
