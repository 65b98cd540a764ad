import { comparePair, type PairComparison } from '@understudy/rollout'
import type { ComparisonReply, ComparisonRequest } from './comparison-protocol.ts'

/** Compares every pair of a run. A pair that cannot be compared costs the others nothing. */
export function answerComparison({ id, run }: ComparisonRequest): ComparisonReply {
  const comparisons: PairComparison[] = []
  let failure: string | null = null
  for (const { pair, unitRow } of run.tasks) {
    try {
      comparisons.push(comparePair(pair, run.plan, unitRow))
    } catch (error) {
      failure ??= error instanceof Error ? error.message : String(error)
    }
  }
  return { id, comparisons, failure }
}
