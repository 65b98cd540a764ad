'use client'

import { CircleCheck, X } from 'lucide-react'
import { IconButton } from '../components/button.tsx'

interface DoneLineProps {
  readonly sentence: string
  readonly onClose: () => void
}

/** What the reader's own act did, in the platform's words; also when it had been done already. */
export function DoneLine({ sentence, onClose }: DoneLineProps) {
  return (
    <div
      role="status"
      className="flex min-h-10 items-center gap-2.5 rounded-panel border bg-surface py-1 pr-1 pl-4"
    >
      <CircleCheck aria-hidden size={16} className="shrink-0 text-ok" />
      <p className="min-w-0 flex-1">{sentence}</p>
      <IconButton label="Close" onClick={onClose}>
        <X aria-hidden size={14} />
      </IconButton>
    </div>
  )
}
