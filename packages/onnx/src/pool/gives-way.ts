import type { ServableRole } from '@understudy/serving'

/**
 * Live before shadow: a version that is only compared answers nobody, so that its runs get what those for clients leave of the processor.
 * Every other role has the normal priority: one in canary answers clients, and one at rest is made live by a rollback within milliseconds.
 */
export function givesWay(role: ServableRole): boolean {
  return role === 'rollout'
}
