import { nowMs } from './rest-observer.ts'

/** An answer that is ready to be written. Neither method may throw. */
export interface DueAnswer {
  write(): void
  /** Its burst was written, at this time since the epoch: what is left to do for it holds nobody up any more. */
  written(atMs: number): void
}

/**
 * Writes the answers of a turn right behind one another.
 *
 * A client that waits is woken by the first and still awake for the others; with the work for the next answer in between it falls asleep
 * each time, and waking it costs more than that work. So answers are made first, then written, then counted.
 */
export class AnswerBurst {
  #due: DueAnswer[] = []
  readonly #flush = () => {
    const due = this.#due
    this.#due = []
    for (const answer of due) answer.write()
    const atMs = nowMs()
    for (const answer of due) answer.written(atMs)
  }

  /** It is written before anything else is read. */
  add(answer: DueAnswer): void {
    if (this.#due.push(answer) === 1) process.nextTick(this.#flush)
  }
}
