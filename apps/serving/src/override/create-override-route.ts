import { systemClock } from '@understudy/core'
import type { ServingNodeCore } from '@understudy/serving'
import { NodeOverrides, type OverriddenNode } from './node-overrides.ts'
import { OverrideRoute } from './override-route.ts'
import type { OverrideStore } from './override-store.ts'

/** The route by which an operator overrides this node, over the data plane of this process. Without a key it refuses everything. */
export function createOverrideRoute(
  core: ServingNodeCore,
  store: OverrideStore,
  overrideKey: string | undefined,
): OverrideRoute {
  const node = overriddenNode(core)
  return new OverrideRoute(new NodeOverrides({ node, store, overrideKey, clock: systemClock }))
}

function overriddenNode(core: ServingNodeCore): OverriddenNode {
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
