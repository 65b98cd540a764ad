import type { Clock } from '@understudy/core'

/** Lines for the person at the terminal, each with the seconds since the start. */
export class Progress {
  readonly #clock: Clock
  readonly #write: (text: string) => void
  readonly #began: number

  constructor(clock: Clock, write: (text: string) => void) {
    this.#clock = clock
    this.#write = write
    this.#began = clock.monotonicMs()
  }

  line(text: string): void {
    this.#write(`${`${this.elapsed()} s`.padStart(8)}  ${text}\n`)
  }

  /** A block of its own, without time. */
  block(text: string): void {
    this.#write(`\n${text}\n`)
  }

  elapsed(): string {
    return ((this.#clock.monotonicMs() - this.#began) / 1_000).toFixed(1)
  }
}
