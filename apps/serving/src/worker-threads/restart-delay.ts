/** The longest wait, in first waits: long enough to cost nothing, short enough to be back when the cause has passed. */
const GROWTH_MAX = 8

/** How long a worker stays away after so many losses in a row without an answer between them: doubling, to eight times the first wait. */
export function restartDelayMs(firstMs: number, lossesInARow: number): number {
  return firstMs * Math.min(GROWTH_MAX, 2 ** Math.max(0, lossesInARow - 1))
}
