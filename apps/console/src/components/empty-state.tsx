import type { ReactNode } from 'react'

interface EmptyStateProps {
  /** What belongs here. */
  readonly title: string
  /** The one next step. */
  readonly children?: ReactNode
}

export function EmptyState({ title, children }: EmptyStateProps) {
  return (
    <div className="px-4 py-6">
      <p className="text-ink-2">{title}</p>
      {children !== undefined && <div className="mt-3 max-w-2xl">{children}</div>}
    </div>
  )
}
