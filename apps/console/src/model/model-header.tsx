import type { ModelView } from '@understudy/api/views'
import { Badge, Mark } from '../components/look.tsx'
import { VersionChip } from '../components/version-chip.tsx'
import { DRIFT_LOOKS, rolloutLook, rolloutWords } from '../states.tsx'
import { flatText } from '../text/plain-text.ts'
import { HoldButton } from './hold-button.tsx'
import { RollbackButton } from './rollback-button.tsx'

interface ModelHeaderProps {
  readonly model: ModelView
  readonly onDone: (sentence: string) => void
}

/** The name, what is live, the one state that matters, and the way back. */
export function ModelHeader({ model, onDone }: ModelHeaderProps) {
  const { name, description, owners, live } = model
  return (
    <header className="flex flex-wrap items-start gap-x-4 gap-y-3">
      <div className="min-w-0 flex-1 basis-80">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
          <h1 className="font-semibold text-title">{name}</h1>
          {live === null ? (
            <span className="text-ink-2">nothing is live yet</span>
          ) : (
            <VersionChip model={name} version={live} shownAs="live" />
          )}
          <ModelState model={model} />
        </div>
        <p className="mt-1 text-ink-2">
          {description === '' ? 'No description in model.yaml' : flatText(description, 160)}
          {owners.length > 0 && (
            <span className="text-ink-3"> · {owners.map((owner) => flatText(owner, 40)).join(', ')}</span>
          )}
        </p>
      </div>
      <div className="flex flex-wrap items-center gap-2">
        <HoldButton model={model} onDone={onDone} />
        <RollbackButton model={model} onDone={onDone} />
      </div>
    </header>
  )
}

function ModelState({ model }: { readonly model: ModelView }) {
  const { rollout, drift, hold } = model
  if (rollout !== null && rollout.endedAt === null) {
    const word = rolloutWords(rollout)
    return (
      <Badge look={rolloutLook(rollout)}>
        v{rollout.candidate.number} {word.charAt(0).toLowerCase()}
        {word.slice(1)}
      </Badge>
    )
  }
  if (hold !== null) return <Badge look={DRIFT_LOOKS.heldByOperator} />
  if (drift === null) return <Mark look={DRIFT_LOOKS.inSync} className="text-second" />
  return <Badge look={DRIFT_LOOKS[drift.reason]} />
}
