import type { ModelView, VersionView } from '@understudy/api/views'
import Link from 'next/link'
import { EmptyState } from '../components/empty-state.tsx'
import { GitText } from '../components/git-text.tsx'
import { Mark } from '../components/look.tsx'
import { Panel } from '../components/panel.tsx'
import { Prose } from '../components/prose.tsx'
import { ClockTime } from '../components/time.tsx'
import { VersionChip } from '../components/version-chip.tsx'
import { rolloutHref } from '../shell/breadcrumb.ts'
import { ROLLOUT_LOOKS, VERDICT_LOOKS } from '../states.tsx'
import { counted, size } from '../text/numbers.ts'
import { flatText } from '../text/plain-text.ts'
import { LiftButton } from './lift-button.tsx'
import { versionState } from './version-state.ts'

interface VersionsPanelProps {
  readonly model: ModelView
  readonly onDone: (sentence: string) => void
}

/** Every version the record holds, the newest first, with what became of it. */
export function VersionsPanel({ model, onDone }: VersionsPanelProps) {
  const versions = [...model.versions].sort((one, other) => other.number - one.number)
  return (
    <Panel title="Versions" note={String(versions.length)}>
      {versions.length === 0 ? (
        <EmptyState title="No version yet. The first one that passes its golden samples goes live by itself." />
      ) : (
        <table className="cells-named w-full text-second">
          <thead className="border-b bg-sunken text-ink-2">
            <tr className="h-8">
              <th scope="col" className="pr-3 pl-4">
                Version
              </th>
              <th scope="col" className="pr-3">
                State
              </th>
              <th scope="col" className="pr-3">
                Commit
              </th>
              <th scope="col" className="pr-3">
                Pushed
              </th>
              <th scope="col" className="pr-3">
                Evidence
              </th>
              <th scope="col" className="pr-4 text-end">
                Size
              </th>
            </tr>
          </thead>
          <tbody className="md:divide-y">
            {versions.map((version) => (
              <VersionRow key={version.number} model={model} version={version} onDone={onDone} />
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
}

function VersionRow({ model, version, onDone }: VersionsPanelProps & { readonly version: VersionView }) {
  const { look, role, note } = versionState(model, version)
  const labels = model.labels.filter(({ number }) => number === version.number)
  return (
    <tr className="align-top md:[&>*]:py-2">
      <th scope="row" className="pr-3 pl-4 md:w-36">
        <VersionChip model={model.name} version={version} shownAs={role} />
        {labels.map(({ label }) => (
          <p
            key={label}
            className="mt-1 break-all font-mono text-ink-2"
            title="A label of your own, from Git"
          >
            {label}
          </p>
        ))}
      </th>
      <td data-name="State" className="wrap-anywhere pr-3 md:w-40">
        <div>
          <Mark look={look} />
          {note !== '' && (
            <p className="line-clamp-4 text-ink-2" title={flatText(note, 600)}>
              <Prose>{note}</Prose>
            </p>
          )}
          {version.incidents !== null && (
            <p className="line-clamp-4 text-ink-2" title={flatText(version.incidents, 600)}>
              {flatText(version.incidents, 600)}
            </p>
          )}
          {role === 'withdrawn' && <LiftButton model={model.name} version={version} onDone={onDone} />}
        </div>
      </td>
      <td data-name="Commit" className="pr-3">
        <div className="min-w-0">
          <p className="line-clamp-2">
            <GitText limit={96}>{version.commit.subject}</GitText>
          </p>
          <p className="font-mono text-ink-3">{version.commit.hash.slice(0, 7)}</p>
        </div>
      </td>
      <td data-name="Pushed" className="pr-3 md:w-32">
        <div className="min-w-0">
          <p>
            <ClockTime at={version.commit.at} day />
          </p>
          <p className="text-ink-2">{flatText(version.commit.authorName, 32)}</p>
        </div>
      </td>
      <td data-name="Evidence" className="pr-3 md:w-26">
        <Evidence model={model.name} version={version} />
      </td>
      <td data-name="Size" className="whitespace-nowrap pr-4 text-end md:w-18">
        {size(version.sizeBytes)}
      </td>
    </tr>
  )
}

function Evidence({ model, version }: { readonly model: string; readonly version: VersionView }) {
  const { rollout } = version
  if (rollout === null) {
    return (
      <span className="text-ink-3">{version.state === 'rejected' ? 'never served' : 'no rollout yet'}</span>
    )
  }
  const look = rollout.verdict === null ? ROLLOUT_LOOKS[rollout.state] : VERDICT_LOOKS[rollout.verdict]
  return (
    <div>
      <Mark look={look} />
      <p>
        <Link href={rolloutHref(model, rollout.id)} className="link text-ink-2">
          {rollout.pairs > 0 ? counted(rollout.pairs, 'pair') : 'without evidence'}
        </Link>
      </p>
    </div>
  )
}
