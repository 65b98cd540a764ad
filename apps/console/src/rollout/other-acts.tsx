'use client'

import type { RolloutView } from '@understudy/api/views'
import { CircleSlash, Pause, Play, Zap } from 'lucide-react'
import { Button } from '../components/button.tsx'
import { FailureNotice } from '../components/notice.tsx'
import { useConnection } from '../live/live-provider.tsx'
import { controlFailure } from '../trpc/control-error.ts'
import { Numbered, Sentence } from './numbered.tsx'
import { OTHER } from './reason.ts'
import { ReasonedAct } from './reasoned-act.tsx'
import { useActs } from './use-acts.ts'

interface OtherActsProps {
  readonly rollout: RolloutView
  readonly stale: boolean
  readonly onDone: (sentence: string) => void
}

/** Beside the decision: pause and go on, go live without a verdict, end it. Only what may be done now is there. */
export function OtherActs({ rollout, stale, onDone }: OtherActsProps) {
  const { pause, resume, promoteNow, abort } = useActs()
  const lost = useConnection().state === 'lost'
  const { may, model, candidate, seen } = rollout
  const act = { model, version: candidate.number, seen }
  const done = { onSuccess: (result: { readonly sentence: string }) => onDone(result.sentence) }
  const off = lost || stale
  const failure = pause.error ?? resume.error
  if (!Object.values([may.pause, may.resume, may.promoteNow, may.abort]).some(({ allowed }) => allowed)) {
    return null
  }
  return (
    <div className="grid gap-2 border-t px-4 py-3">
      <div className="flex flex-wrap gap-2">
        {may.pause.allowed && (
          <Button
            off={off}
            acting={pause.isPending ? 'Pausing…' : undefined}
            onClick={() => pause.mutate(act, done)}
          >
            <Pause aria-hidden size={14} />
            Pause
          </Button>
        )}
        {may.resume.allowed && (
          <Button
            off={off}
            acting={resume.isPending ? 'Resuming…' : undefined}
            onClick={() => resume.mutate(act, done)}
          >
            <Play aria-hidden size={14} />
            Resume
          </Button>
        )}
        {may.promoteNow.allowed && (
          <ReasonedAct
            off={off}
            label={
              <>
                <Zap aria-hidden size={14} />
                Go live now…
              </>
            }
            title={`Let ${model} v${candidate.number} go live without a verdict?`}
            draftKey={`promoteNow.${model}`}
            chips={['Known to be right', 'Emergency', OTHER]}
            placeholder="Why may it go live without its verdict?"
            confirm={`Go live with v${candidate.number}`}
            acting={promoteNow.isPending ? 'Going live…' : undefined}
            failure={promoteNow.error === null ? null : controlFailure(promoteNow.error)}
            onConfirm={(reason, onSuccess) =>
              promoteNow.mutate({ ...act, reason }, { onSuccess: (result) => onSuccess(result.sentence) })
            }
            onDone={onDone}
          >
            <Numbered title="What will happen">
              <Sentence>
                v{candidate.number} goes live on every node <strong>without a verdict</strong>, without
                approval and without canary.
              </Sentence>
              <Sentence>Your name and reason stay in the record for good.</Sentence>
            </Numbered>
          </ReasonedAct>
        )}
        {may.abort.allowed && (
          <ReasonedAct
            danger
            off={off}
            label={
              <>
                <CircleSlash aria-hidden size={14} />
                Abort…
              </>
            }
            title={`Abort the rollout of ${model} v${candidate.number}?`}
            draftKey={`abort.${model}`}
            chips={['Wrong answers', 'Errors', 'Not now', OTHER]}
            placeholder={`Why do you end the rollout of v${candidate.number}?`}
            confirm="Abort the rollout"
            acting={abort.isPending ? 'Aborting…' : undefined}
            failure={abort.error === null ? null : controlFailure(abort.error)}
            onConfirm={(reason, onSuccess) =>
              abort.mutate({ ...act, reason }, { onSuccess: (result) => onSuccess(result.sentence) })
            }
            onDone={onDone}
          >
            <Numbered title="What will happen">
              <AbortConsequences rollout={rollout} />
            </Numbered>
          </ReasonedAct>
        )}
      </div>
      {failure !== null && <FailureNotice title="Nothing was changed" failure={controlFailure(failure)} />}
    </div>
  )
}

function AbortConsequences({ rollout }: Pick<OtherActsProps, 'rollout'>) {
  const { candidate, baseline, step, canaryPercent } = rollout
  if (step === 'bake' && baseline !== null) {
    return (
      <Sentence>
        <strong>v{baseline.number} answers again</strong> at once. v{candidate.number} is withdrawn: its bytes
        cannot go live again until somebody lifts that.
      </Sentence>
    )
  }
  return (
    <Sentence>
      The rollout ends; what is live stays.{' '}
      {canaryPercent === null
        ? `v${candidate.number} has answered no client; it is not tried again by itself.`
        : `v${candidate.number} has answered clients, so it is withdrawn until somebody lifts that.`}
    </Sentence>
  )
}
