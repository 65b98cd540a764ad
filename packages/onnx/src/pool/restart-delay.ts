const FIRST_DELAY_MS = 100
const MAX_DELAY_MS = 30_000

/** An executor that lived this long was sound: its loss starts a new count. */
export const SOUND_AFTER_MS = 60_000

/**
 * An executor that has answered since it came back is worth having again soon, however often it is lost: its count stays here, which is
 * less than half a second.
 */
export const FAILURES_OF_A_USEFUL_ONE_MAX = 4

/**
 * How long to wait before the next start, after so many losses and failed starts in a row: at once, then doubling up to half a minute.
 * So a version whose executor always dies costs little, and comes back by itself when the cause has passed.
 */
export function restartDelayMs(failuresInARow: number): number {
  if (failuresInARow <= 1) return 0
  return Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(20, failuresInARow - 2))
}
