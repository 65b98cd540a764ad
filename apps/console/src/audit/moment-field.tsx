'use client'

import { CalendarClock } from 'lucide-react'
import { useEffect, useState } from 'react'
import { cn } from '../components/cn.ts'
import { zoneName } from '../text/relative-time.ts'
import { fromField, toField } from './moment.ts'

interface MomentFieldProps {
  readonly at: Date
  readonly onAt: (at: Date) => void
  /** Id of what names the field. */
  readonly labelledBy: string
}

/** A moment on the reader's clock, `2026-11-20 14:03:00`, whatever the language of the browser. */
export function MomentField({ at, onAt, labelledBy }: MomentFieldProps) {
  const [text, setText] = useState(() => toField(at))
  useEffect(() => setText(toField(at)), [at])
  const wrong = fromField(text) === undefined
  const change = (next: string) => {
    setText(next)
    const chosen = fromField(next)
    if (chosen !== undefined) onAt(chosen)
  }
  return (
    <span
      className={cn(
        'flex h-9 items-center gap-2 rounded-control border border-control bg-surface px-2.5 focus-within:outline-2 focus-within:outline-cand focus-within:outline-offset-1 touch:h-11',
        wrong && 'border-bad',
      )}
    >
      <CalendarClock aria-hidden size={16} className="text-ink-2" />
      <input
        type="text"
        inputMode="numeric"
        autoComplete="off"
        spellCheck={false}
        aria-labelledby={labelledBy}
        aria-invalid={wrong}
        title="Year-month-day hour:minute:second"
        value={text}
        onChange={(event) => change(event.target.value)}
        className="h-full w-40 min-w-0 bg-transparent font-medium text-lead outline-none"
      />
      <span className="whitespace-nowrap text-ink-3 text-second">{zoneName(at)}</span>
    </span>
  )
}
