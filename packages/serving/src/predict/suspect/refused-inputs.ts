import type { Clock, NamedTensors } from '@understudy/core'
import { tensorBytes } from '../../mirror/tensor-bytes.ts'
import type { ExecutorIncident } from '../../observer.ts'
import { inputHash } from './input-hash.ts'

/** What a confirmed input does to the process that runs it. */
export type HarmKind = ExecutorIncident['kind']

/** Why an input is refused, and for how much longer. */
export interface Refusal {
  readonly kind: HarmKind
  readonly forMs: number
}

export interface RefusedInputsOptions {
  readonly clock: Clock
  /** How long an input stays refused. @defaultValue 600,000 */
  readonly forMs?: number
  /** Inputs that are remembered; beyond it the one listed first is forgotten. @defaultValue 256 */
  readonly inputsMax?: number
}

interface Entry {
  readonly sizeBytes: number
  readonly kind: HarmKind
  readonly untilMs: number
}

/**
 * The inputs of one version that are known to end its process. Bounded, and each is forgotten after a while.
 *
 * Nothing is hashed while the list is empty, and then only inputs of a listed size: large ones would hold up everybody.
 */
export class RefusedInputs {
  readonly #clock: Clock
  readonly #forMs: number
  readonly #inputsMax: number
  readonly #entries = new Map<string, Entry>()
  #listedAtMs = Number.NEGATIVE_INFINITY

  constructor({ clock, forMs = 600_000, inputsMax = 256 }: RefusedInputsOptions) {
    this.#clock = clock
    this.#forMs = forMs
    this.#inputsMax = inputsMax
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0
  }

  /** When an input was listed last, by the monotonic clock: what was checked later need not be checked again. */
  get listedAtMs(): number {
    return this.#listedAtMs
  }

  /** Refuses an input from now on; gives its hash. */
  add(inputs: NamedTensors, kind: HarmKind): string {
    const hash = inputHash(inputs)
    const untilMs = this.#clock.monotonicMs() + this.#forMs
    this.#listedAtMs = untilMs - this.#forMs
    this.#entries.delete(hash)
    this.#entries.set(hash, { sizeBytes: tensorBytes(inputs), kind, untilMs })
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > this.#inputsMax && oldest !== undefined) this.#entries.delete(oldest)
    return hash
  }

  /** Why these inputs are refused now; undefined when they are not. */
  find(inputs: NamedTensors): Refusal | undefined {
    if (this.isEmpty) return undefined
    const nowMs = this.#clock.monotonicMs()
    this.#forget(nowMs)
    if (!this.#hasOneOf(tensorBytes(inputs))) return undefined
    const entry = this.#entries.get(inputHash(inputs))
    return entry && { kind: entry.kind, forMs: entry.untilMs - nowMs }
  }

  #hasOneOf(sizeBytes: number): boolean {
    for (const entry of this.#entries.values()) if (entry.sizeBytes === sizeBytes) return true
    return false
  }

  /** Entries are in the order in which they end. */
  #forget(nowMs: number): void {
    for (const [hash, { untilMs }] of this.#entries) {
      if (untilMs > nowMs) return
      this.#entries.delete(hash)
    }
  }
}
