import type { MirrorPlan, ServingPlan, TensorSpec } from '@understudy/core'

/** What the comparison of outputs needs of the plan: the series that are mirrored, and what their baselines answer. */
export class MirroredSeries {
  readonly #onSeries: (seriesIds: ReadonlySet<string>) => void
  #models: ServingPlan['models'] | undefined
  #outputs: ReadonlyMap<string, readonly TensorSpec[]> = new Map()

  constructor(onSeries: (seriesIds: ReadonlySet<string>) => void) {
    this.#onSeries = onSeries
  }

  /** Takes the newest plan. The same models again cost nothing. */
  take({ models }: ServingPlan): void {
    if (models === this.#models) return
    this.#models = models
    const outputs = new Map<string, readonly TensorSpec[]>()
    for (const { mirror, versions } of models) {
      const baseline = versions.find((version) => version.number === mirror?.baseline)
      if (mirror && baseline) outputs.set(mirror.seriesId, baseline.signature.outputs)
    }
    this.#outputs = outputs
    this.#onSeries(new Set(outputs.keys()))
  }

  /** Outputs of the baseline of a series that the plan mirrors; empty when it does not any more. */
  baselineOutputs(mirror: MirrorPlan): readonly TensorSpec[] {
    return this.#outputs.get(mirror.seriesId) ?? []
  }
}
