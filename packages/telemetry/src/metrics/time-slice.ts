import { setImmediate as nextTurn } from 'node:timers/promises'

/** How long an export works before it lets the event loop turn. */
const SLICE_MS = 1

/** Lets long work stop often enough that nobody notices it: call {@link rest} whenever {@link isOver}. */
export class TimeSlice {
  #until = performance.now() + SLICE_MS

  isOver(): boolean {
    return performance.now() >= this.#until
  }

  /** Resolves after one turn of the event loop; a new slice begins. */
  async rest(): Promise<void> {
    await nextTurn()
    this.#until = performance.now() + SLICE_MS
  }
}
