import type { ModelPlan } from '@understudy/core'
import type { LabelSet } from '../manager/serving-map.ts'
import type { ServableRole } from '../servable.ts'

type RolePlan = Pick<ModelPlan, 'labels' | 'mirror'>

/**
 * What a version is for at this moment. The candidate of the model's mirror is `rollout` while it is only compared, and `canary` from
 * when clients may be answered by it until its bake is over; its baseline is `live` throughout, so that it can step in as it was. Else
 * a version is `live` while the label points to it on this node or is about to by the plan, and `idle` when it carries another label.
 * So the old live version stays `live` until the label has moved here, and a planned version without any label is one that a rollout is
 * about to try: it shares no executor from its first load on.
 */
export function decideRole(
  version: number,
  plan: RolePlan | undefined,
  inEffect: LabelSet | undefined,
): ServableRole {
  const mirror = plan?.mirror
  if (mirror?.candidate === version) return mirror.candidateShare > 0 ? 'canary' : 'rollout'
  if (mirror?.baseline === version) return 'live'
  const isLive = inEffect?.labels.get('live') === version || plan?.labels.live === version
  if (isLive) return 'live'
  const labelled = [...Object.values(plan?.labels ?? {}), ...(inEffect?.labels.values() ?? [])]
  return plan === undefined || labelled.includes(version) ? 'idle' : 'rollout'
}

/**
 * The same as policies see it, for whom memory matters: a version on trial counts as live once the label is promised to it, and its
 * baseline as idle from then on. One that is not mirrored yet counts as idle: it may be one that goes live at once, and then takes the
 * memory of what it replaces.
 */
export function decidePlaceRole(
  version: number,
  plan: RolePlan | undefined,
  role: ServableRole,
): Exclude<ServableRole, 'canary'> {
  const { mirror, labels } = plan ?? {}
  if (mirror?.candidate === version) return labels?.live === version ? 'live' : 'rollout'
  if (mirror?.baseline === version && labels?.live === mirror.candidate) return 'idle'
  return role === 'rollout' || role === 'canary' ? 'idle' : role
}
