'use client'

import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { cn } from './cn.ts'

const SHOWN_MS = 1_500

/** Copies a text. `what` names it: "Copy digest". */
export function CopyButton({
  what,
  text,
  className,
}: {
  readonly what: string
  readonly text: string
  readonly className?: string
}) {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [copied])
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false),
    )
  }
  return (
    <span className={cn('inline-flex items-center', className)}>
      <button
        type="button"
        aria-label={`Copy ${what}`}
        title={`Copy ${what}`}
        onClick={copy}
        className="inline-flex size-6 items-center justify-center rounded-code text-ink-3 hover:bg-hover hover:text-ink touch:size-11"
      >
        {copied ? <Check aria-hidden size={14} className="text-ok" /> : <Copy aria-hidden size={14} />}
      </button>
      <span aria-live="polite" className={copied ? 'text-second text-ok' : 'sr-only'}>
        {copied ? 'Copied' : ''}
      </span>
    </span>
  )
}
