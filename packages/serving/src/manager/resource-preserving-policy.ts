import type { AspiredVersionPolicy, ServableAction, ServableStateSnapshot } from './aspired-version-policy.ts'
import { availabilityPreservingPolicy } from './availability-preserving-policy.ts'

/**
 * Never refuses a version of a model for the memory that another version of the same model holds. While everything fits, it does what the
 * availability-preserving policy does. When a version was refused for want of memory, the old one is unloaded first: **the model answers
 * 503 from then until the new one is warm**, and the old one comes back if the new one fails.
 *
 * What goes first: versions that nothing points to any more, then `previous` and the like, and live last and only for a version that is
 * about to take its place. A version that is being compared with live (`rollout`) never takes live's memory: without live there is
 * nothing to compare, so it is refused. Use it with `strategy: immediate`.
 *
 * @see TensorFlow Serving, core/resource_preserving_policy.h
 */
export const resourcePreservingPolicy: AspiredVersionPolicy = {
  mayDarken: true,
  nextAction(versions) {
    return availabilityPreservingPolicy.nextAction(versions) ?? makeRoom(versions)
  },
}

const LEAVING: ReadonlySet<string> = new Set(['unloadRequested', 'quiescing', 'quiesced', 'unloading'])

function makeRoom(versions: readonly ServableStateSnapshot[]): ServableAction | null {
  // What leaves already may be enough.
  if (versions.some(({ state }) => LEAVING.has(state))) return null
  for (const refused of versions) {
    if (!refused.aspired || refused.missingBytes === 0) continue
    const victims = versions
      .filter(
        (victim) => victim.id !== refused.id && victim.state === 'ready' && mayTakeFrom(refused, victim),
      )
      .sort((a, b) => worth(a) - worth(b) || a.id.version - b.id.version)
    const bytes = victims.reduce((sum, victim) => sum + victim.memoryBytes, 0)
    const [first] = victims
    if (first === undefined || bytes < refused.missingBytes) continue
    return { type: 'unload', id: first.id, inFavourOf: refused.id }
  }
  return null
}

function mayTakeFrom(refused: ServableStateSnapshot, victim: ServableStateSnapshot): boolean {
  if (!victim.aspired || refused.role === 'live') return true
  if (refused.role === 'rollout') return victim.role === 'idle'
  // Idle and promised a label: kept for a rollback or by a user, and not worth what serves or is tried.
  return !refused.promised && victim.role !== 'rollout'
}

/** How much clients would miss it. */
function worth({ aspired, role, labelled }: ServableStateSnapshot): number {
  if (role === 'live') return 3
  return aspired ? (labelled ? 2 : 1) : 0
}
