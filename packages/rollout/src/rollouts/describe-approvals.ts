import { joinWords } from '../text/format.ts'
import type { ApprovalAssessment } from './assess-approvals.ts'

/** Who let a version go on, for the record: also where one local user stands for all that the policy asks for. Null when nobody had to. */
export function describeApprovals({
  counted,
  required,
  groups,
  sufficedByLocal,
  selfApproval,
}: ApprovalAssessment): string | null {
  const names = [...counted, ...(sufficedByLocal && selfApproval !== null ? [selfApproval] : [])]
  if (names.length === 0) return null
  const approved = `approved by ${joinWords(names)}`
  if (!sufficedByLocal) return approved
  const asked = [
    ...(required > 0 ? [String(required)] : []),
    ...groups.map((group) => `${group.required} of ${group.name}`),
  ]
  return `${approved}; the policy asks for ${joinWords(asked)}, but there is no login yet`
}
