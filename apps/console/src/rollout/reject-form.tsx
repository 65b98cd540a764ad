'use client'

import { type FormEvent, useId, useRef, useState } from 'react'
import { Button } from '../components/button.tsx'
import type { DecisionFormProps } from './approve-form.tsx'
import { boundTo, NOT_CONNECTED } from './decision-words.ts'
import { composeReason, OTHER, reasonProblem } from './reason.ts'
import { ReasonField } from './reason-field.tsx'
import { submitOnChord } from './submit-on-chord.ts'
import { WhatRejectionDoes } from './what-will-happen.tsx'

const CHIPS = ['Wrong answers', 'Errors', 'Not now', OTHER]

interface RejectFormProps extends DecisionFormProps {
  readonly onReject: (reason: string) => void
}

export function RejectForm({ rollout, lost, stale, draft, onDraft, acting, onReject }: RejectFormProps) {
  const id = useId()
  const field = useRef<HTMLTextAreaElement>(null)
  const [chip, setChip] = useState<string | null>(null)
  const [asked, setAsked] = useState(false)
  const { allowed, because } = rollout.may.reject
  const off = lost || stale || !allowed
  const reason = composeReason(chip, draft)
  const problem = reasonProblem(reason)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (off || acting) return
    setAsked(true)
    if (problem === undefined) onReject(reason)
    else field.current?.focus()
  }
  const note = allowed ? `Recorded for ${boundTo(rollout)}.` : because
  return (
    <form onSubmit={submit} onKeyDown={submitOnChord} className="mt-3 grid gap-3">
      <WhatRejectionDoes rollout={rollout} />
      <ReasonField
        chips={CHIPS}
        chip={chip}
        onChip={setChip}
        text={draft}
        onText={onDraft}
        placeholder={`Why do you reject v${rollout.candidate.number}?`}
        problem={asked ? problem : undefined}
        fieldRef={field}
      />
      <Button
        type="submit"
        look="primary"
        height="large"
        off={off}
        acting={acting ? 'Rejecting…' : undefined}
        aria-describedby={`${id}-bound`}
        className="w-full"
      >
        Reject v{rollout.candidate.number}
      </Button>
      <p id={`${id}-bound`} className="text-ink-3 text-micro">
        {lost ? NOT_CONNECTED : note}
      </p>
    </form>
  )
}
