import type { ComparableAnswer } from './comparable-answer.ts'

/** A crash of the candidate that its input repeats, and that the baseline survives. */
export interface CrashBreach {
  readonly kind: 'crash'
  /** For people. */
  readonly detail: string
}

/**
 * The breach where an input ends the candidate's process each time it runs and the baseline answers it. A crash that did not come
 * again, or one of both versions, is no breach.
 */
export function findCrashBreach(baseline: ComparableAnswer, candidate: ComparableAnswer): CrashBreach | null {
  if ('errorCode' in baseline || !('errorCode' in candidate)) return null
  if (candidate.errorCode !== 'onnx.run_crashed' || candidate.confirmed !== true) return null
  const detail = 'an input ends its process each time it runs; the baseline answers it'
  return { kind: 'crash', detail }
}
