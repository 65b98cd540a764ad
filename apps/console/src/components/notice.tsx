import { CircleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import type { ControlFailure } from '../trpc/control-error.ts'
import { cn } from './cn.ts'
import { CopyButton } from './copy-button.tsx'

interface NoticeProps {
  readonly tone: 'warn' | 'bad'
  readonly title: string
  readonly children: ReactNode
  readonly className?: string
}

/** What came of the reader's own act, where the act was. Said at once. */
export function Notice({ tone, title, children, className }: NoticeProps) {
  const look = tone === 'warn' ? 'border-warn-line bg-warn-soft' : 'border-bad-line bg-bad-soft'
  return (
    <div role="alert" className={cn('rounded-control border px-3 py-2.5', look, className)}>
      <p className={cn('flex items-center gap-2 font-semibold', tone === 'warn' ? 'text-warn' : 'text-bad')}>
        <CircleAlert aria-hidden size={16} className="shrink-0" />
        {title}
      </p>
      <div className="mt-1 text-second text-ink">{children}</div>
    </div>
  )
}

/** A refused or failed act: what failed and why, and the id to quote. */
export function FailureNotice({
  title,
  failure,
}: {
  readonly title: string
  readonly failure: ControlFailure
}) {
  return (
    <Notice tone="bad" title={title}>
      {failure.message}
      {failure.id !== undefined && (
        <span className="mt-1 flex items-center gap-1 font-mono text-micro text-ink-2">
          {failure.id.slice(0, 8)} <CopyButton what="the id of this error" text={failure.id} />
        </span>
      )}
    </Notice>
  )
}
