const DEADLINE = 0
const WORK = 1
const NONE = 0n
const WORK_NUMBERS = { load: 1n, run: 2n } as const

export type Work = keyof typeof WORK_NUMBERS

/**
 * What the main thread is doing and until when it may, in memory that the watchdog thread sees.
 *
 * The main thread is blocked in native code while it works, so only another thread can notice that it takes too long.
 */
export class RunClock {
  readonly memory: SharedArrayBuffer
  readonly #slots: BigInt64Array

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(16)) {
    this.memory = memory
    this.#slots = new BigInt64Array(memory)
  }

  begin(work: Work, limitMs: number): void {
    Atomics.store(this.#slots, WORK, WORK_NUMBERS[work])
    Atomics.store(this.#slots, DEADLINE, process.hrtime.bigint() + BigInt(limitMs) * 1_000_000n)
  }

  end(): void {
    Atomics.store(this.#slots, DEADLINE, NONE)
  }

  /** The work that has taken longer than it may, if any. */
  overdue(): Work | undefined {
    const deadline = Atomics.load(this.#slots, DEADLINE)
    if (deadline === NONE || process.hrtime.bigint() < deadline) return undefined
    return Atomics.load(this.#slots, WORK) === WORK_NUMBERS.load ? 'load' : 'run'
  }
}
