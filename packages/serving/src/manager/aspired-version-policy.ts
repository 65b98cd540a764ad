import type { ServableId, ServableRole } from '../servable.ts'
import type { HarnessState } from './harness-state.ts'

/** One version as a policy sees it. */
export interface ServableStateSnapshot {
  readonly id: ServableId
  readonly state: HarnessState
  readonly aspired: boolean
  /** A label points to it: clients would miss it. */
  readonly labelled: boolean
  readonly role: ServableRole
  /** A label of the plan points to it, whether or not that is in effect yet. */
  readonly promised: boolean
  /** Memory that it holds. */
  readonly memoryBytes: number
  /** Memory that was missing when it was to be loaded; 0 when it was not refused for that. */
  readonly missingBytes: number
}

export interface ServableAction {
  readonly type: 'load' | 'unload'
  readonly id: ServableId
  /** The version that the memory is taken for, when one that is aspired has to go. */
  readonly inFavourOf?: ServableId | undefined
}

/**
 * Decides the next step for the versions of one model, or that there is none.
 *
 * Pure, stateless and idempotent: the same versions give the same action. Versions come in the order in which they were aspired,
 * those no longer aspired after them. Asked again after each action until it answers null.
 *
 * @see TensorFlow Serving, core/aspired_version_policy.h
 */
export interface AspiredVersionPolicy {
  nextAction(versions: readonly ServableStateSnapshot[]): ServableAction | null
  /** Rather no answer for a while than a new version refused for want of memory. */
  readonly mayDarken: boolean
}

/** The first aspired version that waits to be loaded: the order of aspiration is the order of loading. */
export function firstToLoad(versions: readonly ServableStateSnapshot[]): ServableAction | null {
  const next = versions.find((version) => version.aspired && version.state === 'new')
  return next === undefined ? null : { type: 'load', id: next.id }
}

/** The lowest number among candidates for unloading. */
export function lowestToUnload(versions: readonly ServableStateSnapshot[]): ServableAction | null {
  const [lowest] = [...versions].sort((a, b) => a.id.version - b.id.version)
  return lowest === undefined ? null : { type: 'unload', id: lowest.id }
}
