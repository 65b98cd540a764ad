import { randomUUID } from 'node:crypto'
import type { Tx } from '../database.ts'
import { loadKeptAnswers, lockDueOutcomes, restOutcomes } from './due-outcomes.ts'
import { lossOfAnswer } from './loss-of-answer.ts'
import { loadQuality } from './quality-policies.ts'
import { type ScoredAnswer, writePairs, writeScores } from './write-scores.ts'

/** Outcomes of one transaction: reading and scoring them takes a fraction of a second. */
const BATCH_MAX = 500

/** What one look at the outcomes of a model did. */
export interface ScoredOutcomes {
  /** Losses that are new. */
  readonly scores: number
  /** Units of a quality gate that are new. */
  readonly pairs: number
  /** There may be more: look again at once. */
  readonly more: boolean
}

/**
 * Scores outcomes of one model whose answers were kept, a batch of those that are due, in the transaction that it is given.
 *
 * It does not matter which came first. Repeating it on its own result does nothing; a crash before the commit has done nothing. Rows that another
 * transaction looks at are left to it.
 */
export async function scoreOutcomes(tx: Tx, model: string): Promise<ScoredOutcomes> {
  const outcomes = await lockDueOutcomes(tx, model, BATCH_MAX)
  if (outcomes.length === 0) return { scores: 0, pairs: 0, more: false }
  const quality = (await loadQuality(tx, [model])).get(model)
  const answers = quality === undefined ? [] : await loadKeptAnswers(tx, model, outcomes)
  const answered = new Set(answers.map(rowKey))
  await restOutcomes(tx, model, {
    outcomes,
    answered: outcomes.map((outcome) => answered.has(rowKey(outcome))),
  })
  const more = outcomes.length === BATCH_MAX
  if (quality === undefined || answers.length === 0) return { scores: 0, pairs: 0, more }
  const truths = new Map(outcomes.map((outcome) => [rowKey(outcome), outcome.truth]))
  const scored = answers.flatMap((answer): readonly ScoredAnswer[] => {
    const truth = truths.get(rowKey(answer))
    const loss = truth === undefined ? null : lossOfAnswer(answer.answer, truth, quality)
    return loss === null ? [] : [{ answer, loss }]
  })
  const context = { model, measure: quality.measure, salt: randomUUID() }
  const scores = await writeScores(tx, context, scored)
  return { scores, pairs: await writePairs(tx, context, scored), more }
}

function rowKey({ requestId, row }: { readonly requestId: string; readonly row: number }): string {
  return `${row} ${requestId}`
}
