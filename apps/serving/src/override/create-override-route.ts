import type { Clock } from '@understudy/core'
import type { ServingNodeCore } from '@understudy/serving'
import { NodeOverrides, type OverriddenNode } from './node-overrides.ts'
import { OverrideRoute } from './override-route.ts'
import type { OverrideStore } from './override-store.ts'

export interface OverrideParts {
  readonly core: ServingNodeCore
  readonly store: OverrideStore
  readonly overrideKey: string | undefined
  readonly clock: Clock
}

/** The route by which an operator overrides this node, over the data plane of this process. */
export function createOverrideRoute({ core, ...parts }: OverrideParts): OverrideRoute {
  return new OverrideRoute(new NodeOverrides({ node: overriddenNode(core), ...parts }))
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
