import { readFileSync } from 'node:fs'

/** When a process started, in ticks of the system: with its number it names no other one. Undefined when it is gone, or without `/proc`. */
export function startTickOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // Fields are counted behind the name, which may hold anything but comes in parentheses.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}
