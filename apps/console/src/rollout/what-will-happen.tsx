import type { ModelView, RolloutView } from '@understudy/api/views'
import { flatText } from '../text/plain-text.ts'
import { Numbered } from './numbered.tsx'

interface WhatProps {
  readonly rollout: RolloutView
  readonly hold: ModelView['hold']
}

/** What an approval does, before it is given. */
export function WhatApprovalDoes({ rollout, hold }: WhatProps) {
  const { candidate, baseline, approvalsRequired, approvedBy } = rollout
  const missing = approvalsRequired - approvedBy.length
  return (
    <Numbered title="What will happen">
      {missing > 1 && (
        <>
          Your approval is kept. <strong>{missing - 1} more</strong> of {approvalsRequired} must follow.
        </>
      )}
      <>
        <strong>v{candidate.number} is live</strong> on every node at once, without a dropped request
        {baseline !== null && `; v${baseline.number} finishes what it already runs`}.
      </>
      {baseline !== null && (
        <>
          <strong>v{baseline.number} stays warm</strong> as previous: one rollback brings it back.
        </>
      )}
      {hold !== null && <>The hold by {flatText(hold.actor, 40)} ends.</>}
      {hold === null && <>Your comment and the evidence go into the audit log.</>}
    </Numbered>
  )
}

/** What a rejection does, before it is given. */
export function WhatRejectionDoes({ rollout }: { readonly rollout: RolloutView }) {
  const { candidate, baseline, commit } = rollout
  return (
    <Numbered title="What will happen">
      <>
        v{candidate.number} stops at once. It has answered no client, so nothing is withdrawn.
        {baseline !== null && (
          <>
            {' '}
            <strong>v{baseline.number} goes on.</strong>
          </>
        )}
      </>
      <>
        These bytes are not tried again by themselves. A <strong>retry</strong> or other bytes start a new rollout.
      </>
      <>{flatText(commit.authorName, 40)} reads your reason here and in the audit log.</>
    </Numbered>
  )
}
