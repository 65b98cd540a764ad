import type { ModelPlan, PlannedVersion, ServingPlan } from '@understudy/core'
import { noOverrides, overriddenPlan, type PlanOverrides } from '../plan/plan-overrides.ts'
import type { ServableId } from '../servable.ts'

interface IndexedModel {
  /** As the control plane gave it. */
  readonly given: ModelPlan
  /** As this node carries it out. */
  readonly plan: ModelPlan
  readonly overrideId: string | undefined
  readonly versions: readonly number[]
  readonly planned: ReadonlyMap<number, PlannedVersion>
}

/** The plan, with what overrides it on this node, to be looked up by model name. Replaced as a whole. */
export class PlanIndex {
  readonly #overrides: PlanOverrides
  #models: Map<string, IndexedModel> | undefined

  constructor(overrides: PlanOverrides = noOverrides) {
    this.#overrides = overrides
  }

  replace(plan: ServingPlan): void {
    this.#models = new Map(plan.models.map((model) => [model.model, this.#indexed(model)]))
  }

  /** The override of a model has begun. False when the plan does not know the model. */
  override(model: string): boolean {
    const known = this.#models?.get(model)
    if (known === undefined) return false
    this.#models?.set(model, this.#indexed(known.given))
    return true
  }

  /** Id of the override by which `version` is live here; undefined: it is by the plan, or not live. */
  overrideOf(model: string, version: number): string | undefined {
    const known = this.#models?.get(model)
    return known?.plan.labels.live === version ? known.overrideId : undefined
  }

  #indexed(given: ModelPlan): IndexedModel {
    const override = this.#overrides.of(given.model, given.generation)
    const plan = overriddenPlan(given, override)
    return {
      ...{ given, plan, overrideId: plan === given ? undefined : override?.id },
      versions: given.versions.map(({ number }) => number),
      planned: new Map(given.versions.map((version) => [version.number, version])),
    }
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
