'use client'

import type { RolloutView } from '@understudy/api/views'
import { RefreshCw } from 'lucide-react'
import { Button } from '../components/button.tsx'
import { FailureNotice } from '../components/notice.tsx'
import { useConnection } from '../live/live-provider.tsx'
import { controlFailure } from '../trpc/control-error.ts'
import { useActs } from './use-acts.ts'

interface RetryPartProps {
  readonly model: string
  readonly rollout: RolloutView
  readonly onDone: (sentence: string) => void
}

/** Tries the same bytes again, where that is allowed. */
export function RetryPart({ model, rollout, onDone }: RetryPartProps) {
  const { retry } = useActs()
  const lost = useConnection().state === 'lost'
  const version = rollout.candidate.number
  const press = () => retry.mutate({ model, version }, { onSuccess: (result) => onDone(result.sentence) })
  return (
    <div className="grid gap-2 border-t px-4 py-3">
      <Button
        onClick={press}
        off={lost}
        acting={retry.isPending ? 'Retrying…' : undefined}
        className="w-full"
      >
        <RefreshCw aria-hidden size={14} />
        Retry v{version}
      </Button>
      <p className="text-ink-3 text-micro">
        A retry goes on with the same series of evidence. What is live is not touched.
      </p>
      {retry.error !== null && (
        <FailureNotice title="Nothing was retried" failure={controlFailure(retry.error)} />
      )}
    </div>
  )
}
