'use client'

import type { ModelView } from '@understudy/api/views'
import { ArrowRight, Ban, Lock, Undo2, Zap } from 'lucide-react'
import { type ReactNode, useId, useState } from 'react'
import { Button } from '../components/button.tsx'
import { ClockTime } from '../components/time.tsx'
import { VersionChip } from '../components/version-chip.tsx'
import { ActDialog } from '../rollout/act-dialog.tsx'
import { OTHER } from '../rollout/reason.ts'
import { useActs } from '../rollout/use-acts.ts'
import { controlFailure } from '../trpc/control-error.ts'
import { nodesNote } from './version-state.ts'

const CHIPS = ['Wrong answers', 'Errors', 'Latency', OTHER]

interface RollbackProps {
  readonly model: ModelView
  readonly onDone: (sentence: string) => void
}

/** Takes the live version off. Needs no connection of the page: it carries the generation that was seen. */
export function RollbackButton({ model, onDone }: RollbackProps) {
  const [open, setOpen] = useState(false)
  const why = useId()
  const { live, previous } = model
  if (live === null) return null
  if (previous === null) {
    return (
      <div className="flex items-center gap-3">
        <span id={why} className="text-ink-3 text-second">
          No earlier version to return to
        </span>
        <Button off aria-describedby={why}>
          Roll back v{live.number}
        </Button>
      </div>
    )
  }
  return (
    <>
      <Button look="danger" onClick={() => setOpen(true)}>
        <Undo2 aria-hidden size={14} />
        Roll back v{live.number}
      </Button>
      <RollbackDialog
        model={model}
        live={live}
        previous={previous}
        open={open}
        onOpenChange={setOpen}
        onDone={onDone}
      />
    </>
  )
}

interface RollbackDialogProps extends RollbackProps {
  readonly live: NonNullable<ModelView['live']>
  readonly previous: NonNullable<ModelView['previous']>
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
}

function RollbackDialog({ model, live, previous, open, onOpenChange, onDone }: RollbackDialogProps) {
  const { rollback } = useActs()
  const confirm = (reason: string, clear: () => void) => {
    const act = { model: model.name, from: live.number, generation: model.generation, reason }
    rollback.mutate(act, {
      onSuccess: (result) => {
        clear()
        onOpenChange(false)
        onDone(result.sentence)
      },
    })
  }
  return (
    <ActDialog
      open={open}
      onOpenChange={onOpenChange}
      title={`Roll back ${model.name} to v${previous.number}?`}
      draftKey={`rollback.${model.name}`}
      chips={CHIPS}
      placeholder={`What is wrong with v${live.number}?`}
      seen={`Seen: generation ${model.generation}`}
      look="dangerSolid"
      focus="confirm"
      acting={rollback.isPending ? 'Rolling back…' : undefined}
      failure={rollback.error === null ? null : controlFailure(rollback.error)}
      onConfirm={confirm}
      confirm={
        <>
          <Undo2 aria-hidden size={14} />
          Roll back to v{previous.number}
        </>
      }
    >
      <div className="grid items-center gap-3 px-6 pb-4 sm:grid-cols-[1fr_auto_1fr]">
        <Side title="Taken off">
          <VersionChip model={model.name} version={live} shownAs="live" />
          <LiveSince model={model} />
        </Side>
        <ArrowRight aria-hidden size={16} className="mx-auto text-ink-2 max-sm:rotate-90" />
        <Side title="Answers instead">
          <VersionChip model={model.name} version={previous} shownAs="none" />
          <Warm model={model} number={previous.number} />
        </Side>
      </div>
      <Consequences live={live.number} previous={previous.number} openCandidate={openCandidate(model)} />
    </ActDialog>
  )
}

function openCandidate(model: ModelView): number | null {
  const { rollout } = model
  return rollout !== null && rollout.endedAt === null ? rollout.candidate.number : null
}

function Side({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div className="grid h-full content-start justify-items-start gap-1.5 rounded-panel border border-line-strong px-3 py-2.5 text-ink-2 text-second">
      <p>{title}</p>
      {children}
    </div>
  )
}

function LiveSince({ model }: { readonly model: ModelView }) {
  const promotion = model.promotions.find((each) => each.to === model.live?.number)
  if (promotion === undefined) return null
  return (
    <p>
      live since <ClockTime at={promotion.at} day />
    </p>
  )
}

function Warm({ model, number }: { readonly model: ModelView; readonly number: number }) {
  const version = model.versions.find((each) => each.number === number)
  if (version === undefined || version.nodes.length === 0) return <p>on no node: it is loaded first</p>
  return <p>{nodesNote(version)}</p>
}

interface ConsequencesProps {
  readonly live: number
  readonly previous: number
  readonly openCandidate: number | null
}

function Consequences({ live, previous, openCandidate: candidate }: ConsequencesProps) {
  return (
    <div className="border-t px-6 py-4">
      <h3 className="font-medium">What will happen</h3>
      <ul className="mt-1 divide-y">
        <Consequence icon={<Zap aria-hidden size={16} />} title="At once, without a dropped request">
          Requests that v{live} already runs are finished by v{live}. All later ones go to v{previous}.
        </Consequence>
        <Consequence icon={<Ban aria-hidden size={16} />} title={`v${live} is withdrawn`}>
          Its bytes cannot go live again under any number until somebody lifts that.
          {candidate !== null && ` The rollout of v${candidate} is aborted: its baseline is gone.`}
        </Consequence>
        <Consequence icon={<Lock aria-hidden size={16} />} title={`A hold fixes v${previous}`}>
          Git still asks for v{live} and shows as drift, with your reason.
        </Consequence>
      </ul>
    </div>
  )
}

interface ConsequenceProps {
  readonly icon: ReactNode
  readonly title: string
  readonly children: ReactNode
}

function Consequence({ icon, title, children }: ConsequenceProps) {
  return (
    <li className="flex gap-3 py-2.5 last:pb-0">
      <span className="pt-0.5 text-ink-2">{icon}</span>
      <div>
        <p className="font-medium">{title}</p>
        <p className="text-ink-2 text-second">{children}</p>
      </div>
    </li>
  )
}
