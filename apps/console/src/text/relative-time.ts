const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** Time zone to write in; a test names one, a page takes the reader's. */
export interface TimeStyle {
  readonly timeZone?: string | undefined
}

/** `just now`, `9 s ago`, `2 min ago`, `3 h ago`; older than a day: date and time. Never says "in". */
export function relativeTime(at: Date, now: Date, style: TimeStyle = {}): string {
  const ageMs = now.getTime() - at.getTime()
  if (ageMs < 2 * SECOND_MS) return 'just now'
  if (ageMs < MINUTE_MS) return `${Math.floor(ageMs / SECOND_MS)} s ago`
  if (ageMs < HOUR_MS) return `${Math.floor(ageMs / MINUTE_MS)} min ago`
  if (ageMs < DAY_MS) return `${Math.floor(ageMs / HOUR_MS)} h ago`
  return dateAndTime(at, style)
}

/** How long something has lasted: `9 s`, `40 min`, `3 h`, `2 d`. */
export function age(since: Date, now: Date): string {
  const ageMs = Math.max(0, now.getTime() - since.getTime())
  if (ageMs < MINUTE_MS) return `${Math.floor(ageMs / SECOND_MS)} s`
  if (ageMs < HOUR_MS) return `${Math.floor(ageMs / MINUTE_MS)} min`
  if (ageMs < DAY_MS) return `${Math.floor(ageMs / HOUR_MS)} h`
  return `${Math.floor(ageMs / DAY_MS)} d`
}

/** How soon the words of {@link relativeTime} change: each second while young, then ten, then a minute. */
export function tickMs(at: Date, now: Date): number {
  const ageMs = now.getTime() - at.getTime()
  if (ageMs < MINUTE_MS) return 5 * SECOND_MS
  return ageMs < HOUR_MS ? 10 * SECOND_MS : MINUTE_MS
}

/** `22 Nov 14:02`, with the year when it is not this one. */
export function dateAndTime(at: Date, style: TimeStyle = {}): string {
  return `${format(at, { day: 'numeric', month: 'short' }, style)} ${clockTime(at, style).slice(0, 5)}`
}

/** `14:02:31` */
export function clockTime(at: Date, style: TimeStyle = {}): string {
  return format(at, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }, style)
}

/** `22 Nov 2026, 14:02:31 GMT+1`: for what must be exact. */
export function exactTime(at: Date, style: TimeStyle = {}): string {
  const day = format(at, { day: 'numeric', month: 'short', year: 'numeric' }, style)
  return `${day}, ${clockTime(at, style)} ${zoneName(at, style)}`
}

/** `UTC`, `GMT+1` */
export function zoneName(at: Date, { timeZone }: TimeStyle = {}): string {
  const parts = new Intl.DateTimeFormat('en-GB', { timeZone, timeZoneName: 'shortOffset' }).formatToParts(at)
  const name = parts.find((part) => part.type === 'timeZoneName')?.value ?? 'UTC'
  return name.replace('GMT', 'UTC').replace(/\+0$/, '')
}

function format(at: Date, options: Intl.DateTimeFormatOptions, { timeZone }: TimeStyle): string {
  return new Intl.DateTimeFormat('en-GB', { ...options, timeZone }).format(at)
}
