const TURN = 0
const LIMIT_MS = 1
const WORK = 2
const WORKS = ['load', 'run'] as const
const MAX_LIMIT_MS = 2 ** 31 - 1

export type Work = (typeof WORKS)[number]

/** Work that has taken longer than it may. */
export interface Overdue {
  readonly work: Work
  readonly limitMs: number
}

/**
 * What the main thread is doing and how long it may, in memory that the watchdog thread sees.
 *
 * The main thread is blocked in native code while it works, so only another thread can notice that it takes too long. The main thread
 * only counts turns, since that costs nothing; the watchdog measures the time from its first look at a turn.
 */
export class RunClock {
  readonly memory: SharedArrayBuffer
  readonly #slots: Int32Array
  #seenTurn = 0
  #seenAtMs = 0

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(12)) {
    this.memory = memory
    this.#slots = new Int32Array(memory)
  }

  /** Begins a turn: the number becomes odd. */
  begin(work: Work, limitMs: number): void {
    Atomics.store(this.#slots, LIMIT_MS, Math.min(limitMs, MAX_LIMIT_MS))
    Atomics.store(this.#slots, WORK, WORKS.indexOf(work))
    Atomics.add(this.#slots, TURN, 1)
  }

  /** Ends the turn, if there is one: the number becomes even. */
  end(): void {
    // Not every request begins one; an idle executor must never look busy.
    if (Atomics.load(this.#slots, TURN) % 2 !== 0) Atomics.add(this.#slots, TURN, 1)
  }

  /** The watchdog's look, every few milliseconds. */
  overdue(nowMs: number): Overdue | undefined {
    const turn = Atomics.load(this.#slots, TURN)
    if (turn !== this.#seenTurn) {
      this.#seenTurn = turn
      this.#seenAtMs = nowMs
      return undefined
    }
    const limitMs = Atomics.load(this.#slots, LIMIT_MS)
    if (turn % 2 === 0 || nowMs - this.#seenAtMs < limitMs) return undefined
    const work = WORKS[Atomics.load(this.#slots, WORK)]
    // A turn that began since is looked at next time.
    return work && Atomics.load(this.#slots, TURN) === turn ? { work, limitMs } : undefined
  }
}
