const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Milliseconds of a text such as `0s`, `500ms`, `10m`, `6h` or `7d`; undefined when it is none of these. */
export function parseDurationMs(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text)
  if (!match) return undefined
  const unit = match[2] as keyof typeof UNIT_MS
  return Number(match[1]) * UNIT_MS[unit]
}
