const FIRST_DELAY_MS = 500
const DELAY_MAX_MS = 30_000
const STABLE_AFTER_MS = 60_000
const FAILED_STARTS_MAX = 5

export interface ChildEnding {
  /** It has been ready once since the platform started. */
  readonly everReady: boolean
  /** How long it ran this time. */
  readonly ranMs: number
  /** Endings in a row before this one, each after a short run. */
  readonly failures: number
}

export type RestartPlan =
  | { readonly kind: 'restart'; readonly delayMs: number; readonly failures: number }
  | { readonly kind: 'giveUp' }

/**
 * Decides what follows when a child process ended unasked: a restart, later each time, and for ever once it has worked.
 * What never worked is given up after a few starts: trying on would hide a mistake of the installation.
 */
export function planRestart({ everReady, ranMs, failures }: ChildEnding): RestartPlan {
  const inARow = ranMs >= STABLE_AFTER_MS ? 1 : failures + 1
  if (!everReady && inARow >= FAILED_STARTS_MAX) return { kind: 'giveUp' }
  return {
    kind: 'restart',
    delayMs: Math.min(FIRST_DELAY_MS * 2 ** (inARow - 1), DELAY_MAX_MS),
    failures: inARow,
  }
}
