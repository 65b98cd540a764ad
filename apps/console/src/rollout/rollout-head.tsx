import type { RolloutView } from '@understudy/api/views'
import { CopyButton } from '../components/copy-button.tsx'
import { GitText } from '../components/git-text.tsx'
import { Person } from '../components/person.tsx'
import { RelativeTime } from '../components/time.tsx'
import { VersionChip } from '../components/version-chip.tsx'

/** Which version is tried beside which, who pushed it, and with what words. */
export function RolloutHead({ rollout }: { readonly rollout: RolloutView }) {
  const { candidate, baseline, commit, model } = rollout
  const open = rollout.endedAt === null
  return (
    <header className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1.5 border-b px-4 py-2">
      <h2 id="rollout-title" className="font-semibold">
        {open ? 'Rollout' : 'Last rollout'}
      </h2>
      <VersionChip model={model} version={candidate} shownAs={open ? 'candidate' : 'none'} />
      {baseline !== null && (
        <>
          <span className="text-ink-2 text-second">{open ? 'beside live' : 'tried beside'}</span>
          <VersionChip model={model} version={baseline} shownAs={open ? 'live' : 'none'} digest={false} />
        </>
      )}
      <p className="min-w-0 text-second">
        “<GitText limit={72}>{commit.subject}</GitText>”{' '}
        <span className="text-ink-3">
          · pushed <RelativeTime at={commit.at} />
        </span>
      </p>
      <p className="ml-auto flex items-center gap-2 text-second max-md:ml-0">
        <Person name={commit.authorName} />
        <span className="inline-flex items-center font-mono text-ink-2">
          {commit.hash.slice(0, 7)}
          <CopyButton what="commit" text={commit.hash} />
        </span>
      </p>
    </header>
  )
}
