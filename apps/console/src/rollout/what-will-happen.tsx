import type { ModelView, RolloutView } from '@understudy/api/views'
import { durationWords } from '../evidence/evidence-words.ts'
import { flatText } from '../text/plain-text.ts'
import { Numbered, Sentence } from './numbered.tsx'

interface WhatProps {
  readonly rollout: RolloutView
  readonly hold: ModelView['hold']
}

/** What an approval does, before it is given. */
export function WhatApprovalDoes({ rollout, hold }: WhatProps) {
  const { candidate, baseline, approvalsRequired, approvedBy, canaryWeights, bakeSeconds } = rollout
  const missing = approvalsRequired - approvedBy.length
  return (
    <Numbered title="What will happen">
      {missing > 1 && (
        <Sentence>
          Your approval is kept. <strong>{missing - 1} more</strong> of {approvalsRequired} must follow.
        </Sentence>
      )}
      {canaryWeights.length > 0 && (
        <Sentence>
          v{candidate.number} first answers{' '}
          <strong>{canaryWeights.map((weight) => `${weight} %`).join(', then ')}</strong> of requests; a fault
          there takes it off by itself.
        </Sentence>
      )}
      <Sentence>
        <strong>v{candidate.number} is live</strong> on every node at once, without a dropped request
        {baseline !== null && `; v${baseline.number} finishes what it already runs`}.
      </Sentence>
      {bakeSeconds > 0 && baseline !== null && (
        <Sentence>
          For {durationWords(bakeSeconds)} v{baseline.number} keeps judging: if v{candidate.number} fails,{' '}
          <strong>v{baseline.number} comes back by itself</strong>.
        </Sentence>
      )}
      {baseline !== null && (
        <Sentence>
          <strong>v{baseline.number} stays warm</strong> as previous: one rollback brings it back.
        </Sentence>
      )}
      {hold !== null && <Sentence>The hold by {flatText(hold.actor, 40)} ends.</Sentence>}
      {hold === null && <Sentence>Your comment and the evidence go into the audit log.</Sentence>}
    </Numbered>
  )
}

/** What a rejection does, before it is given. */
export function WhatRejectionDoes({ rollout }: { readonly rollout: RolloutView }) {
  const { candidate, baseline, commit } = rollout
  return (
    <Numbered title="What will happen">
      <Sentence>
        v{candidate.number} stops at once. It has answered no client, so nothing is withdrawn.
        {baseline !== null && <strong> v{baseline.number} goes on.</strong>}
      </Sentence>
      <Sentence>
        These bytes are not tried again by themselves. A <strong>retry</strong> or other bytes start a new
        rollout.
      </Sentence>
      <Sentence>{flatText(commit.authorName, 40)} reads your reason here and in the audit log.</Sentence>
    </Numbered>
  )
}
