import { type Clock, type ServingPlan, toPlatformError } from '@understudy/core'
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
  readonly mirror: Pick<MirrorDispatcher, 'setPlan' | 'models'>
  readonly clock: Clock
  readonly observer: ServingObserver
}

/** Carries out labels and mirror plans of the newest plan as far as the versions of this node allow. Idempotent and synchronous. */
export class PlanApplier {
  readonly #options: PlanApplierOptions
  #plan: ServingPlan | undefined

  constructor(options: PlanApplierOptions) {
    this.#options = options
  }

  apply(plan: ServingPlan): void {
    const before = this.#plan
    this.#plan = plan
    const names = new Set(plan.models.map(({ model }) => model))
    const { mirror, manager } = this.#options
    for (const model of mirror.models()) if (!names.has(model)) mirror.setPlan(model, null)
    for (const { model } of before?.models ?? []) if (!names.has(model)) manager.dropLabels(model)
    for (const model of plan.models) mirror.setPlan(model.model, model.mirror)
    this.moveLabels()
  }

  /** Moves the labels of every model that is ready for it, all in one synchronous step; of one model when it is named. */
  moveLabels(only?: string): void {
    const models = this.#plan?.models ?? []
    const moves = models.flatMap((model) => {
      if (only !== undefined && only !== model.model) return []
      const current = this.#options.manager.labelsOf(model.model)
      const labels = decideLabels(model, current, (version) => this.#readiness(model.model, version))
      return labels === null ? [] : [{ model: model.model, generation: model.generation, labels, current }]
    })
    for (const { model, generation, labels } of moves) this.#set(model, labels, generation)
    const atMs = this.#options.clock.now()
    for (const { model, generation, labels, current } of moves) {
      const from = current?.labels ?? new Map()
      const to = new Map(Object.entries(labels))
      this.#options.observer.labelsMoved({ model, generation, from, to, atMs })
    }
  }

  #set(model: string, labels: LabelMap, generation: number): void {
    try {
      this.#options.manager.setLabels(model, labels, generation)
    } catch (error) {
      this.#options.observer.troubled(toPlatformError(error))
    }
  }

  #readiness(name: string, version: number): Readiness {
    const id = { name, version }
    if (this.#options.manager.isAvailable(id)) return 'available'
    return this.#options.monitor.stateOf(id)?.state === 'error' ? 'failed' : 'pending'
  }
}
