import type { RolloutView } from '@understudy/api/views'
import { CopyButton } from '../components/copy-button.tsx'
import { Mark } from '../components/look.tsx'
import { Fact, Facts } from '../components/panel.tsx'
import { ClockTime } from '../components/time.tsx'
import { ABORT_WORDS, KIND_WORDS, rolloutLook, VERDICT_LOOKS } from '../states.tsx'
import { flatText } from '../text/plain-text.ts'
import { RetryPart } from './retry-part.tsx'

interface OutcomePanelProps {
  readonly rollout: RolloutView
  readonly onDone: (sentence: string) => void
}

/** How a rollout ended, and what may be done about it. */
export function OutcomePanel({ rollout, onDone }: OutcomePanelProps) {
  const succeeded = rollout.state === 'succeeded'
  const { approvedBy, endedAt, startedAt, verdict, kind, reason, traceId } = rollout
  return (
    <section aria-labelledby="outcome-title" className="rounded-panel border bg-surface">
      <div className="border-b px-4 py-3">
        <h2 id="outcome-title" className="font-semibold">
          How it ended
        </h2>
        <Mark look={rolloutLook(rollout)} className="mt-1" />
        {/* That it went live is what succeeded means; what is live now stands at the head of the page. */}
        {reason !== null && !succeeded && <p className="mt-1 text-second">{reasonWords(reason)}</p>}
      </div>
      <Facts>
        {verdict !== null && <Fact name="Verdict">{VERDICT_LOOKS[verdict].word.en}</Fact>}
        <Fact name={succeeded ? 'Went live' : 'Kind'}>{KIND_WORDS[kind].en}</Fact>
        {approvedBy.length > 0 && (
          <Fact name="Approved by">{approvedBy.map((name) => flatText(name, 40)).join(', ')}</Fact>
        )}
        <Fact name="Began">
          <ClockTime at={startedAt} day />
        </Fact>
        {endedAt !== null && (
          <Fact name="Ended">
            <ClockTime at={endedAt} day />
          </Fact>
        )}
        {traceId !== null && (
          <Fact name="Trace">
            <span className="-my-1 inline-flex items-center font-mono text-micro">
              {traceId.slice(0, 16)}
              <CopyButton what="trace id" text={traceId} />
            </span>
          </Fact>
        )}
      </Facts>
      {rollout.may.retry.allowed && <RetryPart model={rollout.model} rollout={rollout} onDone={onDone} />}
    </section>
  )
}

function reasonWords(reason: string): string {
  return Object.entries(ABORT_WORDS).find(([code]) => code === reason)?.[1].en ?? flatText(reason, 300)
}
