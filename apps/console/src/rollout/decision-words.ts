import type { RolloutView } from '@understudy/api/views'
import { flatText } from '../text/plain-text.ts'

/** Who may decide and why, or what has to happen first. */
export function decisionIntro(rollout: RolloutView): string {
  const { approvalsRequired: required, approvedBy, may } = rollout
  if (!may.approve.allowed) return may.approve.because
  const given = approvedBy.map((name) => flatText(name, 40)).join(', ')
  if (required === 0) return 'The policy asks for no approval; you may still end it.'
  if (required === 1) return 'One approval is needed. You may give it: there is no login yet.'
  if (approvedBy.length === 0) return `${required} approvals are needed. You may give one.`
  return `${approvedBy.length} of ${required} approvals are given, by ${given}. You may give the next.`
}

/** What a decision is bound to: when one of them changes, it is refused. */
export function boundTo(rollout: RolloutView): string {
  const parts = [`v${rollout.candidate.number} ${rollout.seen.candidateDigest.slice(0, 8)}`]
  if (rollout.baseline !== null && rollout.seen.baselineDigest !== null) {
    parts.push(`v${rollout.baseline.number} ${rollout.seen.baselineDigest.slice(0, 8)}`)
  }
  parts.push(`policy ${rollout.seen.policyHash.slice(0, 8)}`)
  return parts.join(', ')
}

export const NOT_CONNECTED =
  'Not connected: what you see may be old. Decide when the page is up to date again.'
