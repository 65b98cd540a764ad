import type { ApprovalAssessment } from '../rollouts/assess-approvals.ts'
import { joinWords } from './format.ts'

/**
 * Says whose approvals are still missing: empty where one approval of anyone is all that it takes, which goes without saying.
 */
export function describeApprovalNeed(approvals: ApprovalAssessment): string {
  const { counted, required, groups, selfApproval, unverifiedPusher } = approvals
  const missing = groups.filter((group) => group.counted < group.required)
  const notes = [
    ...(required > 1 || counted.length > 0 ? [progress(counted, required)] : []),
    ...missing.map((group) => `of ${group.name} ${group.required - group.counted} more`),
    ...(selfApproval === null ? [] : [`that of ${selfApproval}, who pushed it, does not count`]),
    ...(unverifiedPusher ? ['nobody is proved to have pushed it, so it takes two'] : []),
  ]
  return notes.length === 0 ? '' : ` (${notes.join('; ')})`
}

function progress(counted: readonly string[], required: number): string {
  const by = counted.length === 0 ? '' : `, by ${joinWords(counted)}`
  return `approvals: ${counted.length} of ${required}${by}`
}
