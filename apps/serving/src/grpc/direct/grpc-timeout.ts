const FORM = /^(\d{1,8})([HMSmun])$/
const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000001,
}

/** Timers reach no further: 24.8 days. */
const TIMER_MAX_MS = 2 ** 31 - 1

/**
 * Milliseconds of a `grpc-timeout` header: infinity for none, and for one that no timer reaches; undefined for what is not a timeout.
 */
export function readGrpcTimeout(header: unknown): number | undefined {
  if (header === undefined) return Number.POSITIVE_INFINITY
  const [, digits, unit = ''] = (typeof header === 'string' && FORM.exec(header)) || []
  const unitMs = UNIT_MS[unit]
  if (unitMs === undefined) return undefined
  const timeoutMs = Number(digits) * unitMs
  return timeoutMs > TIMER_MAX_MS ? Number.POSITIVE_INFINITY : timeoutMs
}
