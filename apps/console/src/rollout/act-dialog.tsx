'use client'

import type { ReactNode } from 'react'
import { type FormEvent, useRef, useState } from 'react'
import { Button } from '../components/button.tsx'
import { Dialog, DialogFoot } from '../components/dialog.tsx'
import { FailureNotice } from '../components/notice.tsx'
import type { ControlFailure } from '../trpc/control-error.ts'
import { composeReason, reasonProblem } from './reason.ts'
import { ReasonField } from './reason-field.tsx'
import { submitOnChord } from './submit-on-chord.ts'
import { useDraft } from './use-draft.ts'

export interface ActDialogProps {
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
  readonly title: string
  /** Names the draft that survives. */
  readonly draftKey: string
  readonly chips: readonly string[]
  readonly placeholder: string
  /** What was seen, at the foot. */
  readonly seen?: string
  readonly confirm: ReactNode
  readonly acting: string | undefined
  readonly look: 'primary' | 'dangerSolid'
  /** Where the focus starts: on the confirming button only where confirming is the safe act. */
  readonly focus: 'confirm' | 'cancel'
  readonly failure: ControlFailure | null
  readonly onConfirm: (reason: string, clear: () => void) => void
  /** What will happen. */
  readonly children: ReactNode
}

/** Says what will happen, asks for the reason, then acts. The text survives an error, a refusal and a reload. */
export function ActDialog(props: ActDialogProps) {
  const { open, onOpenChange, title, chips, placeholder, seen, confirm, acting, look, focus, failure } = props
  const [chip, setChip] = useState<string | null>(null)
  const [text, setText] = useDraft(props.draftKey)
  const [asked, setAsked] = useState(false)
  const field = useRef<HTMLTextAreaElement>(null)
  const first = useRef<HTMLButtonElement>(null)
  const reason = composeReason(chip, text)
  const problem = reasonProblem(reason)

  const clear = () => {
    setChip(null)
    setText('')
    setAsked(false)
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    // Also reached through React from a form around the dialog.
    event.stopPropagation()
    if (acting !== undefined) return
    setAsked(true)
    if (problem === undefined) props.onConfirm(reason, clear)
    else field.current?.focus()
  }
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={title} focus={first}>
      <form onSubmit={submit} onKeyDown={submitOnChord}>
        {props.children}
        <div className="grid gap-3 border-t px-6 py-4">
          <ReasonField
            chips={chips}
            chip={chip}
            onChip={setChip}
            text={text}
            onText={setText}
            placeholder={placeholder}
            problem={asked ? problem : undefined}
            fieldRef={field}
          />
          {failure !== null && <FailureNotice title="Nothing was changed" failure={failure} />}
        </div>
        <DialogFoot seen={seen}>
          <Button
            height="large"
            onClick={() => onOpenChange(false)}
            {...(focus === 'cancel' ? { ref: first } : {})}
          >
            Cancel <kbd className="font-sans text-micro text-ink-3 touch:hidden">Esc</kbd>
          </Button>
          <Button
            type="submit"
            height="large"
            look={look}
            acting={acting}
            {...(focus === 'confirm' ? { ref: first } : {})}
          >
            {confirm}
          </Button>
        </DialogFoot>
      </form>
    </Dialog>
  )
}
