import type { LabelView, ModelView, PointerView } from '@understudy/api/views'
import { Mark } from '../components/look.tsx'
import { Prose } from '../components/prose.tsx'
import { Age, ClockTime } from '../components/time.tsx'
import { DRIFT_LOOKS, USER_LABELS_LOOK, VERSION_LOOKS } from '../states.tsx'
import { flatText } from '../text/plain-text.ts'
import { beforeCommand } from '../text/prose.ts'

/** Git against live, in one line each: the drift with its age and what it waits for; what is pinned, labels, the hold; what was refused. */
export function StandingLines({ model }: { readonly model: ModelView }) {
  const { drift, why, hold, pointer, labels, problems } = model
  return (
    <section aria-label="Git against live" className="divide-y rounded-panel border bg-surface text-second">
      <div className="flex min-h-10 flex-wrap items-center gap-x-4 gap-y-1 px-4 py-1.5">
        <span className="inline-flex items-center gap-2">
          <Mark look={DRIFT_LOOKS[drift?.reason ?? 'inSync']} />
          {drift !== null && (
            <span className="text-ink-3">
              <Age since={drift.since} />
            </span>
          )}
        </span>
        <p className="min-w-0 flex-1 basis-72 text-ink-2" title={flatText(why.sentence, 600)}>
          <Prose>{beforeCommand(why.sentence, why.command)}</Prose>
        </p>
        {why.command !== null && <Prose>{`\`${why.command}\``}</Prose>}
      </div>
      {pointer !== null && <PinnedLine pointer={pointer} isShown={drift?.reason === 'pinned'} />}
      {labels.length > 0 && <LabelsLine labels={labels} />}
      {hold !== null && (
        <div className="flex min-h-10 flex-wrap items-center gap-x-4 gap-y-1 px-4 py-1.5">
          {drift?.reason !== 'heldByOperator' && <Mark look={DRIFT_LOOKS.heldByOperator} />}
          <p className="min-w-0 text-ink-2">
            Held by {flatText(hold.actor, 40)} since <ClockTime at={hold.since} day />: “
            {flatText(hold.reason)}”.
            {hold.expiresAt !== null && (
              <>
                {' '}
                It runs out at <ClockTime at={hold.expiresAt} day />.
              </>
            )}{' '}
            Newer versions are still validated and shadowed; approving one ends the hold.
          </p>
        </div>
      )}
      {problems.map((problem) => (
        <div key={problem.path} className="flex min-h-10 flex-wrap items-center gap-x-4 gap-y-1 px-4 py-1.5">
          <Mark look={VERSION_LOOKS.rejected}>
            <span className="font-mono">{flatText(problem.path, 80)}</span>
          </Mark>
          <p className="min-w-0 flex-1 basis-72 text-ink-2">
            <Prose>{problem.message}</Prose>
          </p>
        </div>
      ))}
    </section>
  )
}

const LINE = 'flex min-h-10 flex-wrap items-center gap-x-4 gap-y-1 px-4 py-1.5'

function PinnedLine({ pointer, isShown }: { readonly pointer: PointerView; readonly isShown: boolean }) {
  return (
    <div className={LINE}>
      {!isShown && <Mark look={DRIFT_LOOKS.pinned} />}
      <p className="min-w-0 text-ink-2">
        <span className="font-mono">{flatText(pointer.file, 80)}</span> asks for v{pointer.number} since{' '}
        <ClockTime at={pointer.since} day />. What is pushed besides is not tried by itself.
      </p>
    </div>
  )
}

function LabelsLine({ labels }: { readonly labels: readonly LabelView[] }) {
  return (
    <div className={LINE}>
      <Mark look={USER_LABELS_LOOK} />
      <ul className="flex min-w-0 flex-1 basis-72 flex-wrap gap-x-4 gap-y-1 text-ink-2">
        {labels.map(({ label, number, waits }) => (
          <li key={label}>
            <span className="font-mono">{label}</span> {number === null ? 'points nowhere yet' : `v${number}`}
            {waits !== null && `, waits: ${flatText(waits, 200)}`}
          </li>
        ))}
      </ul>
    </div>
  )
}
