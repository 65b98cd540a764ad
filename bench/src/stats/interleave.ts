/** What one round measured on either side. */
export interface Pair<T> {
  readonly subject: T
  readonly yardstick: T
}

/**
 * Measures two things in turn, A B A B: what the machine does meanwhile, it does to both.
 *
 * Rounds never overlap, and a failing measurement ends the run.
 */
export async function interleave<T>(
  rounds: number,
  measure: { readonly [side in keyof Pair<T>]: (round: number) => Promise<T> },
): Promise<readonly Pair<T>[]> {
  const pairs: Pair<T>[] = []
  for (let round = 0; round < rounds; round++) {
    const subject = await measure.subject(round)
    pairs.push({ subject, yardstick: await measure.yardstick(round) })
  }
  return pairs
}

/** One ratio per round: only figures of the same round are compared. */
export function ratios<T>(pairs: readonly Pair<T>[], figure: (measured: T) => number): readonly number[] {
  return pairs.map(({ subject, yardstick }) => figure(subject) / figure(yardstick))
}
