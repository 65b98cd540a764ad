import type { ModelPlan } from '@understudy/core'

/** An operator's decision on this very node: another version is live here than the plan says. */
export interface PlanOverride {
  readonly id: string
  readonly live: number
}

/** Decisions that stand on this node while the plan is at the generation they were made for. */
export interface PlanOverrides {
  /** Of a model at this generation; undefined: the plan stands as it is. */
  of(model: string, generation: number): PlanOverride | undefined
  /** Calls the listener with a model whose override has begun. Returns the function that ends it. */
  onChange(listener: (model: string) => void): () => void
}

/** For nodes that nobody overrides. */
export const noOverrides: PlanOverrides = { of: () => undefined, onChange: () => () => {} }

/**
 * The plan of a model as this node carries it out. An override moves `live`, and nothing can follow from what it took off: there is no
 * `previous`, and nothing is mirrored, compared or split.
 */
export function overriddenPlan(plan: ModelPlan, override: PlanOverride | undefined): ModelPlan {
  if (override === undefined || !plan.versions.some(({ number }) => number === override.live)) return plan
  const { previous: _previous, shadow: _shadow, canary: _canary, ...labels } = plan.labels
  return { ...plan, labels: { ...labels, live: override.live }, mirror: null }
}
