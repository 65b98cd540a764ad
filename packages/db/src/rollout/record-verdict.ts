import { type Analysis, describeAnalysis } from '@understudy/rollout'
import type { Tx } from '../database.ts'
import type { ModelRecord, RolloutRecord } from '../record/model-record.ts'
import { analysisPlanOf } from './analysis-of.ts'

/** An analysis and what it was judged by, as they are stored: enough to judge again. */
export function judgement(record: ModelRecord, rollout: RolloutRecord, analysis: Analysis | null) {
  return JSON.parse(JSON.stringify({ analysis, plan: analysisPlanOf(record, rollout) }))
}

/**
 * Stores a verdict with the counters it was made of, and latches a pass on the series. Returns what to say of it; null when there is no
 * verdict, or none that is new.
 */
export async function recordVerdict(
  tx: Tx,
  { record, rollout }: { readonly record: ModelRecord; readonly rollout: RolloutRecord },
  analysis: Analysis | null,
): Promise<string | null> {
  if (!analysis || analysis.outcome === 'collecting') return null
  if (rollout.verdict === analysis.outcome) return null
  const contest = { model: record.name, candidate: rollout.number, baseline: rollout.baselineNumber }
  const seq = await tx.verdict.count({ where: { rolloutId: rollout.id } })
  await tx.verdict.create({
    data: {
      rolloutId: rollout.id,
      seq: seq + 1,
      outcome: analysis.outcome,
      analysis: judgement(record, rollout, analysis),
    },
  })
  if (analysis.outcome === 'pass' && rollout.evidence) {
    await tx.evidenceSeries.update({
      where: { id: rollout.evidence.seriesId },
      data: { passedAt: record.readAt },
    })
  }
  return describeAnalysis(analysis, contest)
}
