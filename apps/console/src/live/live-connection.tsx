'use client'

import { Radio, WifiOff } from 'lucide-react'
import { clockTime } from '../text/relative-time.ts'
import { useConnection } from './live-provider.tsx'

/** "Up to date · 14:04:10", or since when the page is cut off. The time is the server's; it is not read out. */
export function LiveConnection() {
  const { state, at } = useConnection()
  const time = at === null ? null : clockTime(new Date(at))
  if (state === 'lost') {
    return (
      <output className="flex items-center gap-1.5 text-second text-warn">
        <WifiOff aria-hidden size={16} />
        <span>
          Not connected{time !== null && ` since ${time}`}
          <span className="max-md:sr-only">, trying again</span>
        </span>
      </output>
    )
  }
  return (
    <output className="flex items-center gap-1.5 text-second text-ink-2" aria-live="off">
      <Radio aria-hidden size={16} className={state === 'live' ? 'text-ok' : 'text-ink-3'} />
      {time === null ? (
        'Connecting'
      ) : (
        <span>
          <span className="max-md:sr-only">Up to date · </span>
          {time}
        </span>
      )}
    </output>
  )
}
