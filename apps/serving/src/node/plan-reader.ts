import type { ServingPlan } from '@understudy/core'
import type { ChangeListener, NodeStore } from '@understudy/db/node'
import type { PlanReader } from '@understudy/serving'
import type { MirroredSeries } from './mirrored-series.ts'

/** Reads the plan from Postgres, on a hint or when asked. */
export class DatabasePlanReader implements PlanReader {
  readonly #store: NodeStore
  readonly #listener: ChangeListener
  readonly #series: MirroredSeries

  constructor(store: NodeStore, listener: ChangeListener, series: MirroredSeries) {
    this.#store = store
    this.#listener = listener
    this.#series = series
  }

  async read(): Promise<ServingPlan> {
    const plan = await this.#store.readPlan()
    this.#series.take(plan)
    return plan
  }

  onHint(hint: () => void): () => void {
    return this.#listener.onChange((topic) => {
      if (topic === 'plan' || topic === 'connected') hint()
    })
  }
}
