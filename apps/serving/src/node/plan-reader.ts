import type { MirrorPlan, ServingPlan, TensorSpec } from '@understudy/core'
import type { ChangeListener, NodeStore } from '@understudy/db/node'
import type { PlanReader } from '@understudy/serving'

/** Reads the plan from Postgres, on a hint or when asked, and remembers what the comparison needs of it. */
export class DatabasePlanReader implements PlanReader {
  readonly #store: NodeStore
  readonly #listener: ChangeListener
  readonly #onMirrored: (seriesIds: ReadonlySet<string>) => void
  #baselineOutputs: ReadonlyMap<string, readonly TensorSpec[]> = new Map()

  constructor(
    store: NodeStore,
    listener: ChangeListener,
    onMirrored: (seriesIds: ReadonlySet<string>) => void,
  ) {
    this.#store = store
    this.#listener = listener
    this.#onMirrored = onMirrored
  }

  async read(): Promise<ServingPlan> {
    const plan = await this.#store.readPlan()
    const outputs = new Map<string, readonly TensorSpec[]>()
    for (const { mirror, versions } of plan.models) {
      const baseline = versions.find((version) => version.number === mirror?.baseline)
      if (mirror && baseline) outputs.set(mirror.seriesId, baseline.signature.outputs)
    }
    this.#baselineOutputs = outputs
    this.#onMirrored(new Set(outputs.keys()))
    return plan
  }

  onHint(hint: () => void): () => void {
    return this.#listener.onChange((topic) => {
      if (topic === 'plan' || topic === 'connected') hint()
    })
  }

  /** Outputs of the baseline of a series that the plan mirrors; empty when it does not any more. */
  baselineOutputs(mirror: MirrorPlan): readonly TensorSpec[] {
    return this.#baselineOutputs.get(mirror.seriesId) ?? []
  }
}
