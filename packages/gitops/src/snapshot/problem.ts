import type { ErrorCode } from '@understudy/core'
import { SNAPSHOT_LIMITS } from './limits.ts'

/** One thing in the repository that the platform refuses, as data: it concerns this path and nothing else. */
export interface Problem {
  /** From the root of the repository, fit to be shown. */
  readonly path: string
  readonly code: ErrorCode
  readonly message: string
}

/** A hostile path as people may see it. */
function showPath(path: string): string {
  const shown = path.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\uFFFD')
  return shown.length > 300 ? `${shown.slice(0, 300)}…` : shown
}

export function problem(path: string, code: ErrorCode, message: string): Problem {
  return { path: showPath(path), code, message: showPath(message) }
}

/** One problem per path, ordered by path, and not more than people can read. */
export function tidyProblems(problems: readonly Problem[]): Problem[] {
  const byPath = new Map<string, Problem>()
  for (const one of problems) if (!byPath.has(one.path)) byPath.set(one.path, one)
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1)).slice(0, SNAPSHOT_LIMITS.maxProblems)
}
