import type { Clock } from '@understudy/core'
import { RefusedInputs } from './refused-inputs.ts'

/** Lists kept before empty ones are dropped. */
const LISTS_MAX = 2_000

/** One list of refused inputs for each digest: what its bytes do to a process outlives the load that found it out. */
export class RefusedInputsByDigest {
  readonly #clock: Clock
  readonly #lists = new Map<string, RefusedInputs>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  of(digest: string): RefusedInputs {
    const known = this.#lists.get(digest)
    if (known !== undefined) return known
    if (this.#lists.size >= LISTS_MAX) this.#dropEmpty()
    const list = new RefusedInputs({ clock: this.#clock })
    this.#lists.set(digest, list)
    return list
  }

  #dropEmpty(): void {
    for (const [digest, list] of this.#lists) if (list.isEmpty) this.#lists.delete(digest)
  }
}
