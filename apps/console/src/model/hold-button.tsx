'use client'

import type { ModelView } from '@understudy/api/views'
import { Lock, LockOpen } from 'lucide-react'
import { Button } from '../components/button.tsx'
import { useConnection } from '../live/live-provider.tsx'
import { Numbered, Sentence } from '../rollout/numbered.tsx'
import { OTHER } from '../rollout/reason.ts'
import { ReasonedAct } from '../rollout/reasoned-act.tsx'
import { useActs } from '../rollout/use-acts.ts'
import { controlFailure } from '../trpc/control-error.ts'

const CHIPS = ['An incident is open', 'An audit is on', OTHER]
/** A hold that nobody ends alarms after so long. */
const ALARM_DAYS = 7

interface HoldButtonProps {
  readonly model: ModelView
  readonly onDone: (sentence: string) => void
}

/** Fixes what is live, or lets it go again. */
export function HoldButton({ model, onDone }: HoldButtonProps) {
  const { hold, releaseHold } = useActs()
  const off = useConnection().state === 'lost'
  const { name, live } = model
  if (live === null) return null
  if (model.hold !== null) {
    return (
      <Button
        off={off}
        acting={releaseHold.isPending ? 'Releasing…' : undefined}
        onClick={() =>
          releaseHold.mutate({ model: name }, { onSuccess: (result) => onDone(result.sentence) })
        }
      >
        <LockOpen aria-hidden size={14} />
        Release the hold
      </Button>
    )
  }
  return (
    <ReasonedAct
      off={off}
      label={
        <>
          <Lock aria-hidden size={14} />
          Hold…
        </>
      }
      title={`Hold ${name} on v${live.number}?`}
      draftKey={`hold.${name}`}
      chips={CHIPS}
      placeholder={`Why must v${live.number} stay live?`}
      confirm={`Hold v${live.number}`}
      acting={hold.isPending ? 'Holding…' : undefined}
      failure={hold.error === null ? null : controlFailure(hold.error)}
      onConfirm={(reason, onSuccess) =>
        hold.mutate(
          { model: name, reason, expiresInMs: ALARM_DAYS * 86_400_000 },
          { onSuccess: (result) => onSuccess(result.sentence) },
        )
      }
      onDone={onDone}
    >
      <Numbered title="What will happen">
        <Sentence>
          <strong>v{live.number} stays live</strong>, whatever Git asks for, until you release it or approve a
          version.
        </Sentence>
        <Sentence>Newer versions are still validated and shadowed, then they wait.</Sentence>
        <Sentence>After {ALARM_DAYS} days it still stands, and people are told.</Sentence>
      </Numbered>
    </ReasonedAct>
  )
}
