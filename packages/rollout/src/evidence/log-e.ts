import type { Counters } from './counters.ts'

/** Shares of the greatest bet that keeps every factor positive: from one that sees 0.1 pp to one that sees a broken model at once. */
const BET_SHARES = [0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9] as const

/** `harm`: evidence against "worse by at most the margin". `safe`: evidence against "worse by at least the margin". */
export type Side = 'harm' | 'safe'

/**
 * Natural logarithm of the e-value of the counters at a margin. Under its null hypothesis the e-value exceeds 1/α with probability
 * at most α, however often and whenever one looks (Ville), so `logE >= ln(1/α)` decides.
 *
 * A function of counters only: independent of order, mergeable over nodes, computable again later. No pairs give 0.
 * @param delta the margin, 0 <= delta < 1. At 0 `harm` is a trend for display and never decides.
 */
export function logE(counters: Counters, delta: number, side: Side): number {
  const { nPlus, nZero, nMinus } = counters
  checkMargin(delta)
  for (const count of [nPlus, nZero, nMinus]) {
    if (!(count >= 0 && count < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`a counter is a finite number from 0, not ${count}`)
    }
  }
  return logMeanOfBets(
    delta,
    side,
    (bet) =>
      nPlus * Math.log1p(bet * (1 - delta)) +
      nZero * Math.log1p(-bet * delta) +
      nMinus * Math.log1p(-bet * (1 + delta)),
  )
}

/**
 * {@link logE} against "neither version shows the property more often", whichever it may be: the mean of both directions at a margin of 0.
 * The same at every look, and the same with the versions exchanged.
 */
export function logEOfDifference(counters: Counters): number {
  const exchanged = { ...counters, nPlus: counters.nMinus, nMinus: counters.nPlus }
  return logMeanExp([logE(counters, 0, 'harm'), logE(exchanged, 0, 'harm')])
}

/**
 * The e-value of a mixture of bets on D - delta for D from -1 to 1, given the logarithm of what each bet has become. A bet is negative
 * where it is made against harm.
 */
export function logMeanOfBets(delta: number, side: Side, logWealth: (bet: number) => number): number {
  const sign = side === 'harm' ? 1 : -1
  const scale = side === 'harm' ? 1 + delta : 1 - delta
  return logMeanExp(BET_SHARES.map((share) => logWealth((sign * share) / scale)))
}

/** ln of the mean of e^x without overflow: how e-values given as logarithms are averaged. */
export function logMeanExp(logs: readonly number[]): number {
  const greatest = Math.max(...logs)
  let sum = 0
  for (const log of logs) sum += Math.exp(log - greatest)
  return greatest + Math.log(sum / logs.length)
}

/** Refuses what is no margin. */
export function checkMargin(delta: number): void {
  if (!(delta >= 0 && delta < 1)) throw new RangeError(`a margin is at least 0 and below 1, not ${delta}`)
}
