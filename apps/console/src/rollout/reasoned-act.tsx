'use client'

import { type ReactNode, useState } from 'react'
import { Button } from '../components/button.tsx'
import { ActDialog, type ActDialogProps } from './act-dialog.tsx'

interface ReasonedActProps
  extends Pick<
    ActDialogProps,
    'title' | 'draftKey' | 'chips' | 'placeholder' | 'confirm' | 'acting' | 'failure'
  > {
  readonly label: ReactNode
  readonly danger?: boolean
  readonly off: boolean
  /** Sends the act; calls back with the sentence of what it did. */
  readonly onConfirm: (reason: string, onSuccess: (sentence: string) => void) => void
  readonly onDone: (sentence: string) => void
  /** What will happen. */
  readonly children: ReactNode
}

/** A button whose dialog says what will happen and asks for the reason. */
export function ReasonedAct({
  label,
  danger = false,
  off,
  onConfirm,
  onDone,
  children,
  ...dialog
}: ReasonedActProps) {
  const [open, setOpen] = useState(false)
  const confirm = (reason: string, clear: () => void) =>
    onConfirm(reason, (sentence) => {
      clear()
      setOpen(false)
      onDone(sentence)
    })
  return (
    <>
      <Button off={off} {...(danger ? { look: 'danger' as const } : {})} onClick={() => setOpen(true)}>
        {label}
      </Button>
      <ActDialog
        {...dialog}
        open={open}
        onOpenChange={setOpen}
        look={danger ? 'dangerSolid' : 'primary'}
        focus="cancel"
        onConfirm={confirm}
      >
        <div className="border-t px-6 py-4">{children}</div>
      </ActDialog>
    </>
  )
}
