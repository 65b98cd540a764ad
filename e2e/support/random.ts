import { report } from './report.ts'

/** Numbers that look random and are the same for the same seed. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** Seeded by the time, or by UNDERSTUDY_SEED to see a run again. The seed is reported. */
  static create(name: string): Random {
    const seed = Number(process.env.UNDERSTUDY_SEED ?? Date.now() % 2 ** 31)
    report(name, `UNDERSTUDY_SEED=${seed}`)
    return new Random(seed)
  }

  /** From 0 to just below 1. */
  next(): number {
    // Mulberry32, public domain.
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number from `min` to `max`, both possible. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1))
  }

  pick<T>(from: readonly T[]): T {
    const one = from[this.integer(0, from.length - 1)]
    if (one === undefined) throw new Error('there is nothing to pick from')
    return one
  }
}
