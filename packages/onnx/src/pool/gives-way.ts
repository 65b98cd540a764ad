import type { ServableRole } from '@understudy/serving'

/**
 * Live before shadow: a version on trial answers nobody, so that its runs get what those for clients leave of the processor. Every other
 * role has the normal priority, one at rest too: a rollback makes it live within milliseconds.
 */
export function givesWay(role: ServableRole): boolean {
  return role === 'rollout'
}
