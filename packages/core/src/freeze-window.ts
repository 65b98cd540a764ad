import { Cron } from 'croner'

/** A window in which nothing is promoted, as a policy names it. */
export interface FreezeWindow {
  /** When a window begins: minute, hour, day of month, month, day of week. */
  readonly cron: string
  /** In milliseconds. */
  readonly duration: number
  /** By its IANA name. */
  readonly timeZone: string
}

/**
 * The end of the freeze windows that stand at a moment, the latest where several do; null when none stands.
 *
 * A window begins at the minute that its cron names and stands until its duration is over, the end not included.
 * REQUIRES: windows in which {@link freezeMistake} finds nothing.
 */
export function frozenUntil(windows: readonly FreezeWindow[], nowMs: number): number | null {
  let until: number | null = null
  for (const { cron, timeZone, duration } of windows) {
    const beganMs = lastBegin(cron, timeZone, nowMs)
    const endsMs = beganMs === null ? nowMs : beganMs + duration
    if (endsMs > nowMs && endsMs > (until ?? 0)) until = endsMs
  }
  return until
}

/** Late enough that every date of the calendar came before, the leap day too. */
const ANY_MOMENT_MS = Date.UTC(2026, 0, 1)

/** What is wrong with when a window begins, in words for its author; null when nothing is. */
export function freezeMistake({ cron, timeZone }: Omit<FreezeWindow, 'duration'>): string | null {
  // What the library puts in the place of "?" is the time at which it reads the pattern: such a window would begin at every look.
  if (!/^[\w*,/#+-]+( +[\w*,/#+-]+){4}$/.test(cron)) {
    return `"${cron}" is not a cron pattern of five parts: minute, hour, day of month, month, day of week`
  }
  try {
    new Intl.DateTimeFormat('en', { timeZone })
  } catch {
    return `"${timeZone}" is not a time zone such as Europe/Berlin`
  }
  try {
    return lastBegin(cron, timeZone, ANY_MOMENT_MS) === null
      ? `"${cron}" names a date that never comes`
      : null
  } catch {
    return `"${cron}" is not a cron pattern: expected minute, hour, day of month, month, day of week`
  }
}

/** The newest minute, not after the moment, that the pattern names. */
function lastBegin(cron: string, timeZone: string, nowMs: number): number | null {
  const pattern = new Cron(cron, { timezone: timeZone, mode: '5-part' })
  // The library looks before its reference, in whole seconds.
  const [begin] = pattern.previousRuns(1, new Date(nowMs + 1))
  return begin === undefined ? null : begin.getTime()
}
