/** A step of the counters in words: `canary-5` is "Canary 5 %". */
export function stepWords(step: string): string {
  const canary = /^canary-(.+)$/.exec(step)
  if (canary) return `Canary ${canary[1]} %`
  return step.charAt(0).toUpperCase() + step.slice(1)
}

/** Seconds as a person says them: `40 s`, `1 min 30 s`, `2 h`. */
export function durationWords(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  if (seconds < 600) {
    const rest = seconds % 60
    return `${Math.floor(seconds / 60)} min${rest === 0 ? '' : ` ${rest} s`}`
  }
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`
}
