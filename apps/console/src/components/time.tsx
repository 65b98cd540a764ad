'use client'

import { age, clockTime, dateAndTime, exactTime, relativeTime, tickMs } from '../text/relative-time.ts'
import { useNow } from './use-now.ts'

interface TimeProps {
  /** ISO 8601 */
  readonly at: string
}

const TICK_MS = 5_000

/** "2 min ago", exact with its zone on hover; ticks by itself. */
export function RelativeTime({ at }: TimeProps) {
  const date = new Date(at)
  const now = useNow(tickMs(date, new Date()))
  return <Stamp at={at} ready={now !== null} text={now === null ? '' : relativeTime(date, now)} />
}

/** "40 min": how long something has lasted. */
export function Age({ since }: { readonly since: string }) {
  const date = new Date(since)
  const now = useNow(TICK_MS)
  return <Stamp at={since} ready={now !== null} text={now === null ? '' : age(date, now)} />
}

/** "14:02:31" of today, "20 Nov 16:34" of another day. */
export function MomentTime({ at }: TimeProps) {
  const date = new Date(at)
  const now = useNow(12 * TICK_MS)
  const text =
    now !== null && now.toDateString() !== date.toDateString() ? dateAndTime(date) : clockTime(date)
  return <Stamp at={at} ready={now !== null} text={text} />
}

/** "14:02:31", or with its day "22 Nov 14:02": for audit and logs, where nothing is relative. */
export function ClockTime({ at, day = false }: TimeProps & { readonly day?: boolean }) {
  const date = new Date(at)
  const ready = useNow(60 * TICK_MS) !== null
  const text = day ? dateAndTime(date) : clockTime(date)
  return <Stamp at={at} ready={ready} text={text} />
}

/** Until the page has woken up in the reader's zone the place is kept, and nothing wrong is shown. */
function Stamp({ at, ready, text }: TimeProps & { readonly ready: boolean; readonly text: string }) {
  if (!ready) {
    return (
      <time dateTime={at} className="invisible">
        00:00:00
      </time>
    )
  }
  return (
    <time dateTime={at} title={exactTime(new Date(at))} className="whitespace-nowrap">
      {text}
    </time>
  )
}
