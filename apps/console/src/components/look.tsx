import type { ReactNode } from 'react'
import type { Look, Tone } from '../states.tsx'
import { cn } from './cn.ts'

export const TEXT_TONE: Readonly<Record<Tone, string>> = {
  ink: 'text-ink',
  cand: 'text-cand',
  ok: 'text-ok',
  warn: 'text-warn',
  bad: 'text-bad',
  mute: 'text-ink-2',
}

const BADGE_TONE: Readonly<Record<Tone, string>> = {
  ink: 'border-line-strong bg-surface text-ink',
  cand: 'border-cand-line bg-cand-soft text-cand',
  ok: 'border-ok-line bg-ok-soft text-ok',
  warn: 'border-warn-line bg-warn-soft text-warn',
  bad: 'border-bad-line bg-bad-soft text-bad',
  mute: 'border-line-strong bg-sunken text-ink-2',
}

export function StateIcon({ look, size = 14 }: { readonly look: Look; readonly size?: number }) {
  if (look.icon === 'dot') {
    return <span aria-hidden className="mx-0.5 size-2 shrink-0 rounded-full bg-current" />
  }
  const Icon = look.icon
  return (
    <Icon
      aria-hidden
      size={size}
      strokeWidth={1.75}
      className={cn('shrink-0', look.iconTone && TEXT_TONE[look.iconTone])}
    />
  )
}

interface LookProps {
  readonly look: Look
  /** In place of the word, when the page can say more than the state alone. */
  readonly children?: ReactNode
  readonly className?: string
}

/** The one state that matters on a page, as a pill: at most one in a row. */
export function Badge({ look, children, className }: LookProps) {
  return (
    <span
      className={cn(
        'inline-flex h-6 shrink-0 items-center gap-1.5 whitespace-nowrap rounded-full border px-2 text-second font-medium',
        BADGE_TONE[look.tone],
        className,
      )}
    >
      <StateIcon look={look} />
      {children ?? look.word.en}
    </span>
  )
}

/** A state everywhere else: icon and word. */
export function Mark({ look, children, className }: LookProps) {
  return (
    <span
      className={cn(
        'inline-flex items-center gap-1.5 font-medium',
        look.tone === 'mute' && 'font-normal',
        TEXT_TONE[look.tone],
        className,
      )}
    >
      <StateIcon look={look} />
      <span>{children ?? look.word.en}</span>
    </span>
  )
}
