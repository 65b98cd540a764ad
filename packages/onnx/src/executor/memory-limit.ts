/** How much memory the process may have, in memory that the watchdog thread sees. 0 for no limit. */
export class MemoryLimit {
  readonly memory: SharedArrayBuffer
  readonly #slot: BigInt64Array

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(8)) {
    this.memory = memory
    this.#slot = new BigInt64Array(memory)
  }

  get bytes(): number {
    return Number(Atomics.load(this.#slot, 0))
  }

  set bytes(bytes: number) {
    Atomics.store(this.#slot, 0, BigInt(bytes))
  }
}
