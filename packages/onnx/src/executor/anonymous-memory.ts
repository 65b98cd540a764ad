import { openSync, readSync } from 'node:fs'

/** The interesting lines lie well within this. */
const MAX_STATUS_BYTES = 4_096

/**
 * Gives a function that tells how much memory this process holds for itself.
 *
 * Pages of mapped files do not count, since the system takes them back when it needs them. Where it does not tell them apart (other
 * than Linux), all resident memory counts.
 */
export function anonymousMemoryReader(): () => number {
  const status = openStatus()
  const buffer = Buffer.allocUnsafe(MAX_STATUS_BYTES)
  return () => {
    if (status === undefined) return process.memoryUsage.rss()
    const text = buffer.toString('latin1', 0, readSync(status, buffer, 0, MAX_STATUS_BYTES, 0))
    const kibibytes = /^RssAnon:\s+(\d+) kB$/m.exec(text)?.[1]
    return kibibytes === undefined ? process.memoryUsage.rss() : Number(kibibytes) * 1024
  }
}

/** Opened once: after the rights are given up, the system may not let it be opened again. */
function openStatus(): number | undefined {
  try {
    return openSync('/proc/self/status', 'r')
  } catch {
    return undefined
  }
}
