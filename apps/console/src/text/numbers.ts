/** `9,820` */
export function count(value: number): string {
  return new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 }).format(value)
}

/** `1 pair`, `9,820 pairs` */
export function counted(value: number, one: string, many: string = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}

/** A share as `1.53`, without its unit: two digits, fewer when they say nothing. */
export function percent(share: number): string {
  return new Intl.NumberFormat('en-GB', { maximumFractionDigits: 2 }).format(share * 100)
}

const LOG_CAP = Math.log(10_000)

/** `68×`, one decimal below 20, `> 10,000×` at the cap. Takes a natural logarithm. */
export function times(logValue: number): string {
  const value = Math.exp(logValue)
  if (logValue > LOG_CAP) return '> 10,000×'
  const shown = value < 20 ? Math.round(value * 10) / 10 : Math.round(value)
  return `${new Intl.NumberFormat('en-GB', { maximumFractionDigits: 1 }).format(shown)}×`
}

/** `4.3 MB`, by thousands as file managers count. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB']
  let value = bytes
  let unit = 0
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000
    unit += 1
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1
  return `${value.toFixed(digits)} ${units[unit]}`
}

/** `0.8 ms`, `21 ms`, `1.4 s` */
export function milliseconds(ms: number): string {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`
}
