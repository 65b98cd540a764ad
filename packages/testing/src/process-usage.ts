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
  let nanoseconds = 0
  for (const pid of pids) {
    for (const thread of listFolder(`/proc/${pid}/task`)) {
      const [running] = readText(`/proc/${pid}/task/${thread}/schedstat`).split(' ')
      nanoseconds += Number(running ?? 0)
    }
  }
  return nanoseconds / 1e6
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
