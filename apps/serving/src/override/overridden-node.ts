import type { ServingNodeCore } from '@understudy/serving'
import type { OverriddenNode } from './node-overrides.ts'

/** What overrides need to know of the data plane of this process. */
export function overriddenNode(core: ServingNodeCore): OverriddenNode {
  const versionsOf = (model: string) => core.predictor.versions(model)
  return {
    has: (model) => versionsOf(model) !== undefined,
    observedGeneration: (model) => core.observedGeneration(model),
    labelsOf: (model) => core.labelsOf(model),
    availableVersions: (model) =>
      (versionsOf(model) ?? []).flatMap(({ version, state }) => (state === 'available' ? [version] : [])),
    planAgeMs: () => core.predictor.planAgeMs(),
  }
}
