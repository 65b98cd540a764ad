import { readdirSync, readFileSync } from 'node:fs'

/** Memory of some processes together. Bytes; a page shared by several counts for each in part. */
export interface MemoryUse {
  readonly pssBytes: number
  /** The part of it that no file backs: only the end of the process gives it back. */
  readonly anonymousBytes: number
}

/** Proportional memory of these processes now. One that has ended counts nothing. */
export function memoryUse(pids: readonly number[]): MemoryUse {
  let pssBytes = 0
  let anonymousBytes = 0
  for (const pid of pids) {
    const rollup = readText(`/proc/${pid}/smaps_rollup`)
    pssBytes += bytesOf(rollup, 'Pss')
    anonymousBytes += bytesOf(rollup, 'Pss_Anon')
  }
  return { pssBytes, anonymousBytes }
}

/** CPU time of these processes since their start, all threads that still run, in milliseconds. */
export function cpuTimeMs(pids: readonly number[]): number {
  return sum(threadTimes(pids).values()) / 1e6
}

/**
 * Begins to measure; gives a function that tells the CPU time of these processes since, user and system, all their threads, in
 * milliseconds. Never negative: what a thread used that ended meanwhile is left out, and not taken away.
 */
export function startCpuMeter(pids: readonly number[]): () => number {
  const before = threadTimes(pids)
  return () => {
    const used = [...threadTimes(pids)].map(([thread, now]) => now - (before.get(thread) ?? 0))
    return sum(used) / 1e6
  }
}

/** Nanoseconds of each thread since its start. */
function threadTimes(pids: readonly number[]): ReadonlyMap<string, number> {
  const times = new Map<string, number>()
  for (const pid of pids) {
    for (const thread of listFolder(`/proc/${pid}/task`)) {
      const [running] = readText(`/proc/${pid}/task/${thread}/schedstat`).split(' ')
      times.set(thread, Number(running ?? 0))
    }
  }
  return times
}

function sum(values: Iterable<number>): number {
  let total = 0
  for (const value of values) total += value
  return total
}

function bytesOf(rollup: string, name: string): number {
  const [, kibibytes] = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup) ?? []
  return Number(kibibytes ?? 0) * 1024
}

function listFolder(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
