/** What one turn measured on either side. */
export interface Pair<T> {
  readonly subject: T
  readonly yardstick: T
}

/**
 * Measures two things in turn, A B B A: what the machine does meanwhile, it does to both, and what drifts falls upon either in turn.
 *
 * Measurements never overlap, and one that fails ends the run.
 */
export async function interleave<T>(
  turns: number,
  measure: { readonly [side in keyof Pair<T>]: (turn: number) => Promise<T> },
): Promise<readonly Pair<T>[]> {
  const pairs: Pair<T>[] = []
  for (let turn = 0; turn < turns; turn++) {
    if (turn % 2 === 0) {
      const subject = await measure.subject(turn)
      pairs.push({ subject, yardstick: await measure.yardstick(turn) })
    } else {
      const yardstick = await measure.yardstick(turn)
      pairs.push({ subject: await measure.subject(turn), yardstick })
    }
  }
  return pairs
}

/** One ratio a turn: only figures of the same turn are compared. */
export function ratios<T>(pairs: readonly Pair<T>[], figure: (measured: T) => number): readonly number[] {
  return pairs.map(({ subject, yardstick }) => figure(subject) / figure(yardstick))
}
