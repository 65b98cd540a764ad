import { formatCount, joinWords } from '../text/format.ts'

/** Why a process was ended that did not end by itself. */
export type ReplacementKind = 'memory' | 'hang' | 'frame'

/** Processes of a candidate that were ended for one reason since its rollout began. */
export interface ExecutorReplacements {
  readonly kind: ReplacementKind
  readonly count: number
  /** What was said of the newest. */
  readonly message: string
}

/** The first counts as an error of its run; the next one ends the rollout. */
const REPLACEMENTS_MAX = 1

const REASONS = {
  memory: 'memory',
  hang: 'a run without end',
  frame: 'an answer that cannot be read',
} as const satisfies Record<ReplacementKind, string>

/**
 * What is wrong with a candidate whose processes had to be ended more than once during its rollout; null when that is not so.
 *
 * @param replacements one entry per reason, the newest reason first.
 */
export function findReplacementBreach(replacements: readonly ExecutorReplacements[]): string | null {
  const happened = replacements.filter(({ count }) => count > 0)
  const total = happened.reduce((sum, { count }) => sum + count, 0)
  if (total <= REPLACEMENTS_MAX) return null
  const times = total === 2 ? 'twice' : `${formatCount(total)} times`
  const why = joinWords(happened.map(({ kind }) => REASONS[kind]))
  return `its process was ended ${times} for ${why}: ${happened[0]?.message ?? ''}`
}
