import type { ModelPlan } from '@understudy/core'
import type { LabelMap } from '../manager/manager.ts'
import type { LabelSet } from '../manager/serving-map.ts'

/** How far a planned version has come on this node. */
export type Readiness = 'available' | 'pending' | 'failed'

const COMES_LATER: ReadonlySet<string> = new Set(['previous', 'shadow', 'canary'])

/**
 * The labels that a model shall carry now, or null to leave them as they are.
 *
 * All labels move together once every target is available. Three cases would otherwise keep a good live version dark: a target that
 * failed, other than the live one, is left out; `previous`, which a rollback may point to a version that is not loaded any more, and
 * `shadow` and `canary`, whose version nobody shall wait for, come later; and a model that carries no labels yet (a node that starts)
 * gets those whose target is there as soon as live is among them.
 */
export function decideLabels(
  plan: Pick<ModelPlan, 'labels' | 'generation'>,
  current: LabelSet | undefined,
  readinessOf: (version: number) => Readiness,
): LabelMap | null {
  if (current !== undefined && plan.generation < current.generation) return null
  const targets = Object.entries(plan.labels)
  const { live } = plan.labels
  if (live !== undefined && readinessOf(live) !== 'available') return null
  const waits = targets.some(
    ([label, version]) => !COMES_LATER.has(label) && readinessOf(version) === 'pending',
  )
  if (waits && !isStarting(current, plan)) return null
  const labels = Object.fromEntries(targets.filter(([, version]) => readinessOf(version) === 'available'))
  return sameLabels(current, labels, plan.generation) ? null : labels
}

/** No label yet, or only the first part of those of this very plan. */
function isStarting(current: LabelSet | undefined, plan: Pick<ModelPlan, 'labels' | 'generation'>): boolean {
  if (current === undefined || current.labels.size === 0) return true
  return (
    current.generation === plan.generation &&
    [...current.labels].every(([label, version]) => plan.labels[label] === version)
  )
}

function sameLabels(current: LabelSet | undefined, labels: LabelMap, generation: number): boolean {
  if (current === undefined || current.generation !== generation) return false
  const names = Object.keys(labels)
  return (
    names.length === current.labels.size && names.every((name) => current.labels.get(name) === labels[name])
  )
}
