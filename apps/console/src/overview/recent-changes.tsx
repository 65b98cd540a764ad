import type { AuditEntryView } from '@understudy/api/views'
import Link from 'next/link'
import { actionIcon } from '../audit/action-look.ts'
import { Panel } from '../components/panel.tsx'
import { MomentTime } from '../components/time.tsx'
import { flatText } from '../text/plain-text.ts'

/** The last lines of the audit log. */
export function RecentChanges({ entries }: { readonly entries: readonly AuditEntryView[] }) {
  return (
    <Panel
      title="Recent changes"
      end={
        <Link href="/audit" className="link text-second">
          Open audit
        </Link>
      }
    >
      {entries.length === 0 ? (
        <p className="px-4 py-4 text-ink-2">Nothing has happened yet.</p>
      ) : (
        <ul className="py-1.5">
          {entries.map((entry) => (
            <Line key={entry.seq} entry={entry} />
          ))}
        </ul>
      )}
    </Panel>
  )
}

function Line({ entry }: { readonly entry: AuditEntryView }) {
  const Icon = actionIcon(entry.action)
  return (
    <li className="flex min-h-8 items-start gap-3 px-4 py-1.5">
      <span className="w-22 shrink-0 text-ink-2 text-second leading-5">
        <MomentTime at={entry.at} />
      </span>
      <Icon aria-hidden size={16} strokeWidth={1.75} className="mt-0.5 shrink-0 text-ink-2" />
      <p className="min-w-0 flex-1">{flatText(entry.sentence, 200)}</p>
      <span className="shrink-0 text-ink-3 text-second leading-5 max-md:hidden">
        {flatText(entry.actor, 40)}
      </span>
    </li>
  )
}
