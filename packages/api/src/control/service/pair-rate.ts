/** Sampled requests of one minute. */
interface Minute {
  readonly atMs: number
  readonly sampled: number
}

/** So far back a rate looks. */
const WINDOW_MS = 5 * 60_000
const MINUTE_MS = 60_000

/** Requests that were sampled per second, of the last five minutes; of fewer while traffic is younger. 0 without any. */
export function pairsPerSecond(minutes: readonly Minute[], now: Date): number {
  const nowMs = now.getTime()
  const recent = minutes.filter(({ atMs }) => atMs > nowMs - WINDOW_MS - MINUTE_MS && atMs <= nowMs)
  const beganMs = Math.min(...recent.map(({ atMs }) => atMs))
  const seconds = (nowMs - Math.max(beganMs, nowMs - WINDOW_MS - MINUTE_MS)) / 1_000
  if (recent.length === 0 || !(seconds > 0)) return 0
  return recent.reduce((sum, { sampled }) => sum + sampled, 0) / seconds
}
