import type { ServableId } from '../servable.ts'

/** Knows whether every live version of the plan is settled: available, or in error after its attempts. Looks at each version once. */
export class Readiness {
  readonly #isSettled: (id: ServableId) => boolean
  #pending: Map<string, number> | undefined
  #ready = false

  constructor(isSettled: (id: ServableId) => boolean) {
    this.#isSettled = isSettled
  }

  /** Once true, it stays so. */
  get isReady(): boolean {
    return this.#ready
  }

  /** Takes the live versions of a plan. */
  expect(live: readonly ServableId[]): void {
    if (this.#ready) return
    this.#pending = new Map(live.map(({ name, version }) => [name, version]))
    for (const id of live) this.settle(id)
    this.#ready = this.#pending.size === 0
  }

  /** A version changed its state. */
  settle(id: ServableId): void {
    if (this.#pending?.get(id.name) !== id.version || !this.#isSettled(id)) return
    this.#pending.delete(id.name)
    this.#ready ||= this.#pending.size === 0
  }
}
