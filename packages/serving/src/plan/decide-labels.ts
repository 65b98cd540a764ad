import type { ModelPlan } from '@understudy/core'
import type { LabelMap } from '../manager/manager.ts'
import type { LabelSet } from '../manager/serving-map.ts'

/** How far a planned version has come on this node. */
export type Readiness = 'available' | 'pending' | 'failed'

/** Labels of the platform. They say how far a rollout is: nobody is told of one that is over. */
const OF_ROLLOUTS: ReadonlySet<string> = new Set(['previous', 'shadow', 'canary'])

/**
 * The labels that a model shall carry now, or null to leave them as they are.
 *
 * Labels move in one step, as soon as the version that shall be live is available: that one waits for no other, since every other may be
 * late or never come, and a rollback may not. A label whose version is not available stays away; one of the user's own that pointed to an
 * available version stays there while its next one is on its way.
 */
export function decideLabels(
  plan: Pick<ModelPlan, 'labels' | 'generation'>,
  current: LabelSet | undefined,
  readinessOf: (version: number) => Readiness,
): LabelMap | null {
  if (current !== undefined && plan.generation < current.generation) return null
  const { live } = plan.labels
  if (live !== undefined && readinessOf(live) !== 'available') return null
  const labels: Record<string, number> = {}
  for (const [label, version] of Object.entries(plan.labels)) {
    const readiness = readinessOf(version)
    const before = current?.labels.get(label)
    if (readiness === 'available') labels[label] = version
    else if (readiness === 'pending' && before !== undefined && !OF_ROLLOUTS.has(label)) {
      if (readinessOf(before) === 'available') labels[label] = before
    }
  }
  return sameLabels(current, labels, plan.generation) ? null : labels
}

function sameLabels(current: LabelSet | undefined, labels: LabelMap, generation: number): boolean {
  if (current === undefined || current.generation !== generation) return false
  const names = Object.keys(labels)
  return (
    names.length === current.labels.size && names.every((name) => current.labels.get(name) === labels[name])
  )
}
