/** Well below what a request notices. */
const TURN_MS = 4

/** Does the work of a generator at once. */
export function atOnce<T>(work: Generator<void, T>): T {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
  }
}

/** Does it in turns of a few milliseconds, between which everything else runs. */
export async function inTurns<T>(work: Generator<void, T>): Promise<T> {
  let beganMs = performance.now()
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
    if (performance.now() - beganMs < TURN_MS) continue
    await new Promise<void>((resolve) => setImmediate(resolve))
    beganMs = performance.now()
  }
}
