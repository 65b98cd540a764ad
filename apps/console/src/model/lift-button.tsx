'use client'

import type { VersionRef } from '@understudy/api/views'
import { useState } from 'react'
import { ActDialog } from '../rollout/act-dialog.tsx'
import { Numbered, Sentence } from '../rollout/numbered.tsx'
import { OTHER } from '../rollout/reason.ts'
import { useActs } from '../rollout/use-acts.ts'
import { controlFailure } from '../trpc/control-error.ts'

const CHIPS = ['Withdrawn by mistake', 'The cause was elsewhere', OTHER]

interface LiftProps {
  readonly model: string
  readonly version: VersionRef
  readonly onDone: (sentence: string) => void
}

/** Ends a withdrawal. Starts nothing. */
export function LiftButton({ model, version, onDone }: LiftProps) {
  const [open, setOpen] = useState(false)
  const { lift } = useActs()
  const name = `v${version.number}`
  const confirm = (reason: string, clear: () => void) => {
    lift.mutate(
      { model, digest: version.digest, reason },
      {
        onSuccess: (result) => {
          clear()
          setOpen(false)
          onDone(result.sentence)
        },
      },
    )
  }
  return (
    <>
      <button
        type="button"
        onClick={() => setOpen(true)}
        aria-label={`Lift the withdrawal of ${name}…`}
        className="link min-h-6 text-ink touch:min-h-11"
      >
        Lift…
      </button>
      <ActDialog
        open={open}
        onOpenChange={setOpen}
        title={`Lift the withdrawal of ${model} ${name}?`}
        draftKey={`lift.${model}.${version.digest}`}
        chips={CHIPS}
        placeholder={`Why may ${name} be tried again?`}
        look="primary"
        focus="cancel"
        acting={lift.isPending ? 'Lifting…' : undefined}
        failure={lift.error === null ? null : controlFailure(lift.error)}
        onConfirm={confirm}
        confirm={`Lift ${name}`}
      >
        <div className="border-t px-6 py-4">
          <Numbered title="What will happen">
            <Sentence>
              Nothing starts. What is live <strong>stays as it is</strong>.
            </Sentence>
            <Sentence>
              The bytes of {name} count as <strong>failed</strong>: they are not tried again by themselves,
              only by a retry.
            </Sentence>
            <Sentence>Your reason goes into the audit log.</Sentence>
          </Numbered>
        </div>
      </ActDialog>
    </>
  )
}
