'use client'

import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import type { AuditEntryView } from '@understudy/api/views'
import { ChevronDown } from 'lucide-react'
import Link from 'next/link'
import { useId } from 'react'
import { Button } from '../components/button.tsx'
import { CopyButton } from '../components/copy-button.tsx'
import { EmptyState } from '../components/empty-state.tsx'
import { FailureNotice } from '../components/notice.tsx'
import { Panel } from '../components/panel.tsx'
import { Person } from '../components/person.tsx'
import { Skeleton } from '../components/skeleton.tsx'
import { ClockTime } from '../components/time.tsx'
import { modelHref } from '../shell/breadcrumb.ts'
import { count } from '../text/numbers.ts'
import { flatText } from '../text/plain-text.ts'
import { zoneName } from '../text/relative-time.ts'
import { useTRPC, useTRPCClient } from '../trpc/client.ts'
import { controlFailure } from '../trpc/control-error.ts'
import { actionIcon } from './action-look.ts'

const PAGE = 50

interface AuditLogProps {
  readonly model: string | undefined
  readonly onModel: (model: string | undefined) => void
}

/** Everything that happened, the newest first. More is loaded below by sequence number, so nothing is skipped. */
export function AuditLog({ model, onModel }: AuditLogProps) {
  const control = useTRPC()
  const client = useTRPCClient()
  const input = { limit: PAGE, ...(model === undefined ? {} : { model }) }
  const log = useInfiniteQuery({
    queryKey: [...control.audit.queryKey(input), 'pages'],
    queryFn: ({ pageParam: before, signal }) => {
      const page = before === null ? input : { ...input, before }
      return client.audit.query(page, { signal })
    },
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next,
  })
  const entries = log.data?.pages.flatMap((page) => page.entries) ?? []
  const total = log.data?.pages.at(-1)?.total ?? 0
  if (log.data === undefined) {
    if (log.error === null) return <Skeleton what="The log" rows={8} />
    return <FailureNotice title="The log could not be loaded" failure={controlFailure(log.error)} />
  }
  return (
    <Panel
      title="Log"
      note={<ModelFilter model={model} onModel={onModel} />}
      end={
        <span className="text-ink-2 text-second">
          {count(entries.length)} of {count(total)}
        </span>
      }
    >
      {entries.length === 0 ? (
        <EmptyState title="Nothing has been recorded here yet." />
      ) : (
        <LogTable entries={entries} />
      )}
      {log.hasNextPage && (
        <div className="border-t px-4 py-3">
          <Button
            onClick={() => log.fetchNextPage()}
            acting={log.isFetchingNextPage ? 'Loading…' : undefined}
          >
            Load {PAGE} more
          </Button>
        </div>
      )}
    </Panel>
  )
}

function ModelFilter({ model, onModel }: AuditLogProps) {
  const id = useId()
  const models = useQuery(useTRPC().overview.queryOptions()).data?.models ?? []
  const names = new Set(models.map((each) => each.name))
  if (model !== undefined) names.add(model)
  return (
    <span className="relative flex h-7 items-center rounded-control border border-control bg-surface focus-within:outline-2 focus-within:outline-cand focus-within:outline-offset-1 touch:h-11">
      <label htmlFor={id} className="pl-2.5 text-ink-2">
        Model
      </label>
      <select
        id={id}
        value={model ?? ''}
        onChange={(event) => onModel(event.target.value === '' ? undefined : event.target.value)}
        className="h-full appearance-none rounded-control bg-transparent pr-7 pl-1.5 font-medium text-ink outline-none"
      >
        <option value="">any</option>
        {[...names].map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
      <ChevronDown aria-hidden size={14} className="pointer-events-none absolute right-2 text-ink-2" />
    </span>
  )
}

function LogTable({ entries }: { readonly entries: readonly AuditEntryView[] }) {
  return (
    <table className="cells-named w-full">
      <thead className="border-b bg-sunken text-ink-2 text-second">
        <tr className="h-8">
          <th scope="col" className="pr-4 pl-4">
            Entry
          </th>
          <th scope="col" className="pr-4">
            Time, {zoneName(new Date())}
          </th>
          <th scope="col" className="pr-4">
            Who
          </th>
          <th scope="col" className="pr-4">
            Version
          </th>
          <th scope="col" className="pr-4">
            What
          </th>
          <th scope="col" className="pr-4">
            Why
          </th>
          <th scope="col" className="pr-4 md:max-lg:hidden">
            Hash
          </th>
        </tr>
      </thead>
      <tbody className="md:divide-y">
        {entries.map((entry) => (
          <LogRow key={entry.seq} entry={entry} />
        ))}
      </tbody>
    </table>
  )
}

function LogRow({ entry }: { readonly entry: AuditEntryView }) {
  const Icon = actionIcon(entry.action)
  return (
    <tr className="md:h-9 md:[&>*]:py-2 md:align-top">
      <th scope="row" className="pr-4 pl-4 text-ink-2">
        {count(entry.seq)}
      </th>
      <td data-name="Time" className="whitespace-nowrap pr-4">
        <span>
          <ClockTime at={entry.at} day />
          <span className="text-ink-3">
            :<Seconds at={entry.at} />
          </span>
        </span>
      </td>
      <td data-name="Who" className="pr-4 md:max-w-44">
        <Person name={entry.actor} />
      </td>
      <td data-name="Version" className="whitespace-nowrap pr-4 font-medium">
        {entry.model === null ? (
          <span className="text-ink-3">–</span>
        ) : (
          <Link href={modelHref(entry.model)} className="hover:underline">
            {entry.model}
            {entry.version !== null && ` v${entry.version}`}
          </Link>
        )}
      </td>
      <td data-name="What" className="wrap-anywhere pr-4 md:min-w-48">
        <span className="flex gap-2">
          <Icon aria-hidden size={16} strokeWidth={1.75} className="mt-0.5 shrink-0 text-ink-2" />
          <span title={entry.action}>{flatText(entry.sentence, 240)}</span>
        </span>
      </td>
      <td data-name="Why" className="wrap-anywhere pr-4 text-ink-2 md:min-w-24">
        {entry.reason === null ? '–' : `“${flatText(entry.reason, 240)}”`}
      </td>
      <td data-name="Hash" className="whitespace-nowrap pr-2 md:max-lg:hidden">
        <span className="flex h-5 items-center font-mono text-ink-3 text-micro">
          {entry.hash.slice(0, 8)}
          <CopyButton what={`hash of entry ${entry.seq}`} text={entry.hash} />
        </span>
      </td>
    </tr>
  )
}

function Seconds({ at }: { readonly at: string }) {
  return String(new Date(at).getUTCSeconds()).padStart(2, '0')
}
