import type { ReactNode } from 'react'
import { cn } from './cn.ts'

interface PanelProps {
  readonly title: ReactNode
  /** Beside the title, quiet. */
  readonly note?: ReactNode | undefined
  /** At the far end of the head. */
  readonly end?: ReactNode
  readonly id?: string
  readonly className?: string
  readonly children: ReactNode
}

/** A named part of a page. Panels never hold panels. */
export function Panel({ title, note, end, id, className, children }: PanelProps) {
  return (
    <section id={id} className={cn('min-w-0 rounded-panel border bg-surface', className)}>
      <header className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 border-b px-4 py-1.5">
        <h2 className="font-semibold">{title}</h2>
        {note !== undefined && <div className="min-w-0 text-second text-ink-3">{note}</div>}
        {end !== undefined && <div className="ml-auto flex items-center gap-2">{end}</div>}
      </header>
      {children}
    </section>
  )
}

/** Names and values, one to a line. */
export function Facts({ children }: { readonly children: ReactNode }) {
  return <dl className="px-4 py-2">{children}</dl>
}

export function Fact({ name, children }: { readonly name: ReactNode; readonly children: ReactNode }) {
  return (
    <div className="flex min-h-6 items-baseline justify-between gap-4 py-0.5">
      <dt className="shrink-0 text-second text-ink-2">{name}</dt>
      <dd className="min-w-0 text-end text-second">{children}</dd>
    </div>
  )
}
