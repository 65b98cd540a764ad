import { PlatformError } from '@understudy/core'
import {
  type BackgroundMeans,
  decideBackgroundMeans,
  lowerPriority,
  type PriorityFacts,
  restorePriority,
} from './background-priority.ts'

/** Whether one process gives way to others. */
export class Background {
  readonly #pid: number
  #facts: PriorityFacts
  #isOn = false
  #change: Promise<void> = Promise.resolve()

  constructor(pid: number, facts: PriorityFacts) {
    this.#pid = pid
    this.#facts = facts
  }

  get means(): BackgroundMeans {
    return decideBackgroundMeans(this.#facts)
  }

  /**
   * In force before it returns, unless the kernel is busy; the last call counts.
   *
   * @throws PlatformError `onnx.executor_unavailable` when the priority cannot be given back
   */
  set(on: boolean): Promise<void> {
    if (on !== this.#isOn) {
      this.#isOn = on
      this.#change = this.#carryOut(on)
    }
    return this.#change
  }

  async #carryOut(on: boolean): Promise<void> {
    const change = { pid: this.#pid, facts: this.#facts, isWanted: () => on === this.#isOn }
    if (on) {
      const worked = await lowerPriority(change)
      // What never worked is not tried again, and above all not taken back.
      const { sharesBySession, mayRaise } = this.#facts
      this.#facts = {
        sharesBySession: sharesBySession && worked.sharesBySession,
        mayRaise: mayRaise && worked.mayRaise,
      }
      return
    }
    try {
      await restorePriority(change)
    } catch (cause) {
      throw new PlatformError(
        'onnx.executor_unavailable',
        'The executor does not get its priority back from the system.',
        { cause },
      )
    }
  }
}

/**
 * Makes a process give way until `hurry` is aborted, or what this gives is called, which settles when the process no longer does.
 *
 * @throws PlatformError what it gives: `onnx.executor_unavailable`
 */
export function giveWayUntil(hurry: AbortSignal | undefined, background: Background): () => Promise<void> {
  if (hurry === undefined || hurry.aborted) return () => Promise.resolve()
  // Whoever asks whether it worked gets the same answer.
  const onHurry = () => void background.set(false).catch(() => {})
  hurry.addEventListener('abort', onHurry, { once: true })
  void background.set(true)
  return () => {
    hurry.removeEventListener('abort', onHurry)
    return background.set(false)
  }
}
