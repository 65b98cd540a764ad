import type { ModelPlan } from '@understudy/core'
import type { LabelSet } from '../manager/serving-map.ts'
import type { ServableRole } from '../servable.ts'

/**
 * What a version is for at this moment: `rollout` while the model's mirror tries it, else `live` while the label points to it on this node
 * or is about to by the plan, else `idle` when it carries another label. So the old live version stays `live` until the label has moved
 * here, and a planned version without any label is one that a rollout is about to try: it shares no executor from its first load on.
 */
export function decideRole(
  version: number,
  plan: Pick<ModelPlan, 'labels' | 'mirror'> | undefined,
  inEffect: LabelSet | undefined,
): ServableRole {
  if (plan?.mirror?.candidate === version) return 'rollout'
  const isLive = inEffect?.labels.get('live') === version || plan?.labels.live === version
  if (isLive) return 'live'
  const labelled = [...Object.values(plan?.labels ?? {}), ...(inEffect?.labels.values() ?? [])]
  return plan === undefined || labelled.includes(version) ? 'idle' : 'rollout'
}
