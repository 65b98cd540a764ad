import { PlatformError, type ServingPlan } from '@understudy/core'
import type { PlanReader, PlanStore } from '../plan/plan-ports.ts'
import { Gate } from './gate.ts'

/** A control plane that can be away, slow, or changed with or without a hint. */
export class FakePlanReader implements PlanReader {
  plan: ServingPlan | undefined
  reads = 0
  /** While set, reads do not end. */
  hangs = false
  readonly #listeners = new Set<() => void>()

  constructor(plan?: ServingPlan) {
    this.plan = plan
  }

  async read(): Promise<ServingPlan> {
    this.reads += 1
    if (this.hangs) await new Gate().passed
    if (this.plan === undefined) throw new PlatformError('control.database_unavailable', 'away')
    return this.plan
  }

  onHint(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  hint(): void {
    for (const listener of this.#listeners) listener()
  }

  get subscribers(): number {
    return this.#listeners.size
  }
}

export class MemoryPlanStore implements PlanStore {
  plan: ServingPlan | undefined
  saves = 0
  loadError: PlatformError | undefined
  saveError: PlatformError | undefined

  constructor(plan?: ServingPlan) {
    this.plan = plan
  }

  async load(): Promise<ServingPlan | undefined> {
    if (this.loadError !== undefined) throw this.loadError
    return this.plan
  }

  async save(plan: ServingPlan): Promise<void> {
    this.saves += 1
    if (this.saveError !== undefined) throw this.saveError
    this.plan = plan
  }
}
