import type { Retry } from '@understudy/core'

const FIRST_MS = 500
const LONGEST_MS = 300_000

/**
 * How long to wait before a failed key is tried again; null when only a change helps.
 *
 * Loops look at `retry` only, never at codes or texts. `random` is in [0, 1).
 */
export function retryDelayMs(retry: Retry, attempts: number, random: number): number | null {
  if (retry === 'never' || retry === 'afterChange') return null
  if (typeof retry === 'object') return retry.afterMs
  const pause = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempts, 20))
  return Math.round(pause * (0.8 + 0.4 * random))
}
