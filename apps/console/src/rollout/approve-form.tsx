'use client'

import type { ModelView, RolloutView } from '@understudy/api/views'
import { type FormEvent, useId } from 'react'
import { Button } from '../components/button.tsx'
import { boundTo, NOT_CONNECTED } from './decision-words.ts'
import { FIELD } from './reason-field.tsx'
import { submitOnChord } from './submit-on-chord.ts'
import { WhatApprovalDoes } from './what-will-happen.tsx'

export interface DecisionFormProps {
  readonly rollout: RolloutView
  readonly lost: boolean
  /** What was seen is no longer true: look first. */
  readonly stale: boolean
  readonly draft: string
  readonly onDraft: (text: string) => void
  readonly acting: boolean
}

interface ApproveFormProps extends DecisionFormProps {
  readonly hold: ModelView['hold']
  readonly onApprove: (comment: string) => void
}

export function ApproveForm({
  rollout,
  hold,
  lost,
  stale,
  draft,
  onDraft,
  acting,
  onApprove,
}: ApproveFormProps) {
  const id = useId()
  const { allowed } = rollout.may.approve
  const why = lost ? NOT_CONNECTED : undefined
  const off = lost || stale || !allowed
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!off && !acting) onApprove(draft.trim())
  }
  return (
    <form onSubmit={submit} onKeyDown={submitOnChord} className="mt-3 grid gap-3">
      <WhatApprovalDoes rollout={rollout} hold={hold} />
      <div>
        <p className="text-second">
          <label htmlFor={id} className="font-medium">
            Comment
          </label>{' '}
          <span className="text-ink-3">optional, kept in the audit</span>
        </p>
        <textarea
          id={id}
          rows={2}
          maxLength={500}
          value={draft}
          onChange={(event) => onDraft(event.target.value)}
          className={`${FIELD} mt-1`}
        />
      </div>
      <Button
        type="submit"
        look="primary"
        height="large"
        off={off}
        acting={acting ? 'Approving…' : undefined}
        aria-describedby={`${id}-bound`}
        onClick={() => {}}
        className="w-full"
      >
        Approve v{rollout.candidate.number}
      </Button>
      <p id={`${id}-bound`} className="text-ink-3 text-micro">
        {why ??
          (allowed
            ? `Bound to ${boundTo(rollout)}. If one of them changes, the approval is refused.`
            : rollout.may.approve.because)}
      </p>
    </form>
  )
}
