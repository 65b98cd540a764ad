'use client'

import { useEffect, useState } from 'react'
import { cn } from './cn.ts'

const DELAY_MS = 150

/** The geometry of what is being asked for, after a moment. Never in place of something already seen. */
export function Skeleton({ what, rows = 4 }: { readonly what: string; readonly rows?: number }) {
  const [shown, setShown] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), DELAY_MS)
    return () => clearTimeout(timer)
  }, [])
  return (
    <div role="status" className={cn('rounded-panel border bg-surface', !shown && 'invisible')}>
      <span className="sr-only">{what} is being loaded</span>
      <div className="flex h-11 items-center border-b px-4">
        <Bar width="w-28" />
      </div>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows without identity
        <div key={row} className="flex h-13 items-center gap-6 border-b px-4 last:border-0">
          <Bar width="w-24" />
          <Bar width="w-32" />
          <Bar width="w-16" />
        </div>
      ))}
    </div>
  )
}

function Bar({ width }: { readonly width: string }) {
  return <div aria-hidden className={cn('skeleton h-3 rounded-code bg-sunken', width)} />
}
