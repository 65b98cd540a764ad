'use client'

import { useQueryClient } from '@tanstack/react-query'
import type { ModelView } from '@understudy/api/views'
import { Check, RefreshCw, X } from 'lucide-react'
import { Tabs } from 'radix-ui'
import { useState } from 'react'
import { Button } from '../components/button.tsx'
import { FailureNotice, Notice } from '../components/notice.tsx'
import { useConnection } from '../live/live-provider.tsx'
import { type ControlFailure, controlFailure } from '../trpc/control-error.ts'
import { ApproveForm } from './approve-form.tsx'
import { decisionIntro } from './decision-words.ts'
import { OtherActs } from './other-acts.tsx'
import { RejectForm } from './reject-form.tsx'
import { RetryPart } from './retry-part.tsx'
import { useActs } from './use-acts.ts'
import type { DecisionBasis } from './use-decision-basis.ts'

export interface DecisionPanelProps {
  readonly model: string
  readonly hold: ModelView['hold']
  readonly basis: DecisionBasis
  /** What an act did, for the page to show. */
  readonly onDone: (sentence: string) => void
}

const TAB =
  'inline-flex h-7 flex-1 items-center justify-center gap-2 rounded-[5px] border border-transparent font-medium text-ink-2 data-[state=active]:border-line-strong data-[state=active]:bg-surface data-[state=active]:text-ink touch:h-11'

/** Who may decide, what will happen, then the button: everything a decision needs, bound to what was seen. */
export function DecisionPanel({ model, hold, basis, onDone }: DecisionPanelProps) {
  const { shown, changes } = basis
  const acts = useActs()
  const queries = useQueryClient()
  const lost = useConnection().state === 'lost'
  const [refused, setRefused] = useState(false)
  const [failure, setFailure] = useState<ControlFailure | null>(null)

  const settle = {
    onSuccess: (result: { readonly sentence: string }) => {
      setFailure(null)
      basis.write('')
      onDone(result.sentence)
    },
    onError: (error: unknown) => {
      const seen = controlFailure(error)
      const stale = seen.code === 'rollout.stale_decision'
      if (stale) basis.hold()
      setRefused(stale)
      setFailure(seen)
    },
  }
  const bound = { model, version: shown.candidate.number, seen: shown.seen }
  const stale = changes.length > 0 || refused
  const showNow = () => {
    setRefused(false)
    setFailure(null)
    void queries.invalidateQueries()
    basis.showNow()
  }
  const form = { rollout: shown, lost, stale, draft: basis.draft, onDraft: basis.write }

  return (
    <section
      id="decision"
      aria-labelledby="decision-title"
      className="scroll-mt-16 rounded-panel border border-line-strong bg-surface"
    >
      <div className="px-4 pt-3.5 pb-4">
        <h2 id="decision-title" className="font-semibold">
          Your decision
        </h2>
        <p className="mt-0.5 text-ink-2 text-second">{decisionIntro(shown)}</p>
        {stale && <StaleNotice basis={basis} refusal={refused ? failure : null} />}
        <Tabs.Root defaultValue="approve" className="mt-3">
          <Tabs.List aria-label="Decision" className="flex gap-0.5 rounded-control border bg-sunken p-0.5">
            <Tabs.Trigger value="approve" className={TAB}>
              <Check aria-hidden size={14} />
              Approve
            </Tabs.Trigger>
            <Tabs.Trigger value="reject" className={TAB}>
              <X aria-hidden size={14} />
              Reject
            </Tabs.Trigger>
          </Tabs.List>
          <Tabs.Content value="approve" className="outline-none">
            <ApproveForm
              {...form}
              hold={hold}
              acting={acts.approve.isPending}
              onApprove={(comment) =>
                acts.approve.mutate({ ...bound, ...(comment === '' ? {} : { comment }) }, settle)
              }
            />
          </Tabs.Content>
          <Tabs.Content value="reject" className="outline-none">
            <RejectForm
              {...form}
              acting={acts.reject.isPending}
              onReject={(reason) => acts.reject.mutate({ ...bound, reason }, settle)}
            />
          </Tabs.Content>
        </Tabs.Root>
        {stale && (
          <Button height="large" className="mt-3 w-full" onClick={showNow}>
            <RefreshCw aria-hidden size={14} />
            Show the page as it is now
          </Button>
        )}
        {!refused && failure !== null && (
          <div className="mt-3">
            <FailureNotice title="Nothing was decided" failure={failure} />
          </div>
        )}
      </div>
      {shown.may.retry.allowed && <RetryPart model={model} rollout={shown} onDone={onDone} />}
      <OtherActs rollout={shown} stale={stale} onDone={onDone} />
    </section>
  )
}

interface StaleNoticeProps {
  readonly basis: DecisionBasis
  readonly refusal: ControlFailure | null
}

/** What is no longer as it was seen: the old struck, the new below it. */
function StaleNotice({ basis, refusal }: StaleNoticeProps) {
  const kept = basis.draft === '' ? '' : ' Your text is kept.'
  return (
    <>
      <Notice
        tone="warn"
        title={refusal === null ? 'Something changed' : 'Nothing was sent'}
        className="mt-3"
      >
        {refusal === null ? 'The page is held to what you saw when you began to write.' : refusal.message}{' '}
        Look at the difference, then decide again.{kept}
      </Notice>
      <dl className="mt-2 text-second">
        {basis.changes.map((change) => (
          <div key={change.name} className="flex gap-3 border-t py-2 first:border-t-0">
            <dt className="w-20 shrink-0 text-ink-2">{change.name}</dt>
            <dd className="min-w-0">
              <del className="block text-ink-3">{change.was}</del>
              <ins className="block font-medium no-underline">{change.now}</ins>
            </dd>
          </div>
        ))}
      </dl>
    </>
  )
}
