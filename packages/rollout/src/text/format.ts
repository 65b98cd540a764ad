/** `2,450` */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** `1 pair`, `2,450 pairs` */
export function formatPairs(pairs: number): string {
  return `${formatCount(pairs)} ${Math.round(pairs) === 1 ? 'pair' : 'pairs'}`
}

/** A share as `6.1 %`: two significant digits, no zeros behind them. */
export function formatPercent(share: number): string {
  return `${twoDigits(share * 100)} %`
}

/** A difference of shares as `0.08 pp`. */
export function formatPoints(difference: number): string {
  return `${twoDigits(difference * 100)} pp`
}

/** The two greatest units of a duration: `20 min`, `1 min 30 s`, `6 h`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const
  const first = parts.findIndex(([amount]) => amount > 0)
  if (first < 0) return '0 s'
  return parts
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(' ')
}

/** `v2`, as people say it. */
export function formatVersion(number: number): string {
  return `v${number}`
}

/** The text as the beginning of a sentence. */
export function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** `a, b and c` */
export function joinWords(words: readonly string[]): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`
}

function twoDigits(value: number): string {
  const digits = Math.abs(value) >= 10 ? Math.round(value) : Number(value.toPrecision(2))
  return String(digits)
}
