const E_MAX = 10_000

/** An e-value as a person reads it: `68x`, `> 10,000x`. Takes a natural logarithm. */
export function times(logE: number): string {
  const e = Math.exp(logE)
  if (e > E_MAX) return '> 10,000x'
  return e < 19.95 ? `${e.toFixed(1)}x` : `${Math.round(e)}x`
}
