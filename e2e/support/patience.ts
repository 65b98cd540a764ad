/** In which a push of an immediate version is answered. */
export const PUSH_ANSWERED_MS = 5_000
const PUSHES_MAX = 3

/**
 * The least time of a few tries, which ends with the first within the bound: what else the machine does only adds to what the platform
 * needs.
 */
export async function leastMs(boundMs: number, attempt: (turn: number) => Promise<number>): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let turn = 0; turn < PUSHES_MAX && least >= boundMs; turn += 1)
    least = Math.min(least, await attempt(turn))
  return least
}
