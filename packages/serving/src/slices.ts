import type { Clock } from '@understudy/core'

/** Well below what a request notices. */
const SLICE_MS = 4

/** Does something for each item, and lets everything else run in between whenever a few milliseconds have gone by. */
export async function forEachInSlices<T>(
  items: Iterable<T>,
  clock: Pick<Clock, 'monotonicMs'>,
  act: (item: T) => void,
): Promise<void> {
  let beganMs = clock.monotonicMs()
  for (const item of items) {
    act(item)
    if (clock.monotonicMs() - beganMs < SLICE_MS) continue
    await new Promise<void>((resolve) => setImmediate(resolve))
    beganMs = clock.monotonicMs()
  }
}
