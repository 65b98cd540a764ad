import type { ModelPlan, PlannedVersion, ServingPlan } from '@understudy/core'
import type { ServableId } from '../servable.ts'

interface IndexedModel {
  readonly plan: ModelPlan
  readonly versions: readonly number[]
  readonly planned: ReadonlyMap<number, PlannedVersion>
}

/** The plan, to be looked up by model name. Replaced as a whole. */
export class PlanIndex {
  #models: ReadonlyMap<string, IndexedModel> | undefined

  replace(plan: ServingPlan): void {
    this.#models = new Map(
      plan.models.map((model) => [
        model.model,
        {
          plan: model,
          versions: model.versions.map(({ number }) => number),
          planned: new Map(model.versions.map((version) => [version.number, version])),
        },
      ]),
    )
  }

  models(): readonly string[] {
    return [...(this.#models?.keys() ?? [])]
  }

  planOf(model: string): ModelPlan | undefined {
    return this.#models?.get(model)?.plan
  }

  versionsOf(model: string): readonly number[] | undefined {
    return this.#models?.get(model)?.versions
  }

  planned(model: string, version: number): PlannedVersion | undefined {
    return this.#models?.get(model)?.planned.get(version)
  }

  /** The version that shall be live, model by model; models without one are left out. */
  liveVersions(): readonly ServableId[] {
    return [...(this.#models?.values() ?? [])].flatMap(({ plan: { model, labels } }) => {
      const { live } = labels
      return live === undefined ? [] : [{ name: model, version: live }]
    })
  }
}
