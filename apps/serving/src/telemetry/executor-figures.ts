import { readFileSync } from 'node:fs'

/** One executor process. */
export interface ExecutorProcess {
  readonly pid: number
  /** What it is for: own, shared, parked, spare, comparison. */
  readonly kind: string
  readonly models: number
}

/** All executors of one kind. */
export interface ExecutorFigures {
  readonly kind: string
  processes: number
  models: number
  /** Resident memory of their own. */
  anonymousBytes: number
  /** Resident memory that is mapped from files: the same weights mapped twice count twice. */
  mappedBytes: number
}

/** Adds up executors by kind. Memory is what the kernel says; of a process that has just ended, or without `/proc`, none. */
export function executorFigures(
  processes: Iterable<ExecutorProcess>,
  readStatus: (pid: number) => string = statusOf,
): ExecutorFigures[] {
  const byKind = new Map<string, ExecutorFigures>()
  for (const { pid, kind, models } of processes) {
    const figures = byKind.get(kind) ?? { kind, processes: 0, models: 0, anonymousBytes: 0, mappedBytes: 0 }
    const status = readStatus(pid)
    figures.processes += 1
    figures.models += models
    figures.anonymousBytes += bytesOf(status, 'RssAnon')
    figures.mappedBytes += bytesOf(status, 'RssFile')
    byKind.set(kind, figures)
  }
  return [...byKind.values()]
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return ''
  }
}

function bytesOf(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1_024
}
