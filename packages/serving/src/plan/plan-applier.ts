import { type Clock, type ModelPlan, toPlatformError } from '@understudy/core'
import type { LabelMap } from '../manager/manager.ts'
import type { ServableStateMonitor } from '../manager/servable-state-monitor.ts'
import type { LabelSet } from '../manager/serving-map.ts'
import type { MirrorDispatcher } from '../mirror/mirror-dispatcher.ts'
import type { ServingObserver } from '../observer.ts'
import type { ServableId } from '../servable.ts'
import { decideLabels, type Readiness } from './decide-labels.ts'

/** What the applier needs of the manager. */
interface LabelHolder {
  isAvailable(id: ServableId): boolean
  labelsOf(name: string): LabelSet | undefined
  setLabels(name: string, labels: LabelMap, generation: number): void
  dropLabels(name: string): void
}

export interface PlanApplierOptions {
  readonly manager: LabelHolder
  readonly monitor: ServableStateMonitor
  readonly mirror: Pick<MirrorDispatcher, 'setPlan'>
  readonly planOf: (model: string) => ModelPlan | undefined
  readonly clock: Clock
  readonly observer: ServingObserver
}

/**
 * Carries out labels and mirror of a model's newest plan as far as the versions of this node allow. Idempotent and synchronous.
 */
export class PlanApplier {
  readonly #options: PlanApplierOptions

  constructor(options: PlanApplierOptions) {
    this.#options = options
  }

  /** The plan of these models changed, or they left it. Labels of all of them move in one step. */
  apply(names: readonly string[]): void {
    const { mirror, manager, planOf } = this.#options
    for (const name of names) {
      const plan = planOf(name)
      mirror.setPlan(name, plan?.mirror ?? null)
      if (plan === undefined) manager.dropLabels(name)
    }
    this.moveLabels(names)
  }

  /** Moves the labels of those models that are ready for it, all in one step. */
  moveLabels(names: readonly string[]): void {
    const { manager, observer, clock } = this.#options
    const moves = names.flatMap((name) => this.#moveOf(name) ?? [])
    for (const { model, labels, generation } of moves) {
      try {
        manager.setLabels(model, labels, generation)
      } catch (error) {
        observer.troubled(toPlatformError(error))
      }
    }
    const atMs = clock.now()
    for (const { model, labels, generation, from } of moves) {
      observer.labelsMoved({ model, generation, from, to: new Map(Object.entries(labels)), atMs })
    }
  }

  #moveOf(model: string): LabelMove | undefined {
    const plan = this.#options.planOf(model)
    if (plan === undefined) return undefined
    const current = this.#options.manager.labelsOf(model)
    const labels = decideLabels(plan, current, (version) => this.#readiness(model, version))
    if (labels === null) return undefined
    return { model, labels, generation: plan.generation, from: current?.labels ?? new Map() }
  }

  #readiness(name: string, version: number): Readiness {
    const id = { name, version }
    if (this.#options.manager.isAvailable(id)) return 'available'
    return this.#options.monitor.stateOf(id)?.state === 'error' ? 'failed' : 'pending'
  }
}

interface LabelMove {
  readonly model: string
  readonly labels: LabelMap
  readonly generation: number
  readonly from: ReadonlyMap<string, number>
}
