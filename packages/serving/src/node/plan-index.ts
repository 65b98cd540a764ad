import type { ModelPlan, ServingPlan } from '@understudy/core'

/** The plan, to be looked up by model name. Replaced as a whole. */
export class PlanIndex {
  #models: ReadonlyMap<string, ModelPlan> | undefined

  /** False until the first plan. */
  get holdsPlan(): boolean {
    return this.#models !== undefined
  }

  replace(plan: ServingPlan): void {
    this.#models = new Map(plan.models.map((model) => [model.model, model]))
  }

  models(): readonly string[] {
    return [...(this.#models?.keys() ?? [])]
  }

  versionsOf(model: string): readonly number[] | undefined {
    return this.#models?.get(model)?.versions.map((version) => version.number)
  }

  /** Number of the version that shall be live, model by model; models without one are left out. */
  liveVersions(): readonly { readonly name: string; readonly version: number }[] {
    return [...(this.#models?.values() ?? [])].flatMap(({ model, labels }) => {
      const { live } = labels
      return live === undefined ? [] : [{ name: model, version: live }]
    })
  }
}
