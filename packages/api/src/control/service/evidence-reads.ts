import { PlatformError, type VerdictOutcome } from '@understudy/core'
import { analysisOf, type ModelRecord, type RolloutRecord, type Tx } from '@understudy/db'
import { type Analysis, type AnalysisPlan, assessCounted } from '@understudy/rollout'
import type { EvidenceView, RecomputedVerdict } from '../../views/index.ts'
import { analysisView } from './analysis-view.ts'
import { readCoverage } from './quality-reads.ts'

/** A verdict as it was stored: what was said, and what it was made of. */
/** What a verdict was made from, as it is stored with it; earlier releases stored neither the plan nor what was counted. */
interface StoredJudgement {
  readonly analysis: Omit<Analysis, 'counted'> & Partial<Pick<Analysis, 'counted'>>
  readonly plan?: AnalysisPlan
}

/**
 * The evidence of a rollout as it stands, and each of its verdicts made again from the counters stored with it.
 *
 * @throws PlatformError `rollout.not_found` when there is no rollout, or one that collects no evidence
 */
export async function readEvidence(
  tx: Tx,
  record: ModelRecord,
  version: number | undefined,
): Promise<EvidenceView> {
  const rollout = rolloutOf(record, version)
  const analysis = rollout && analysisOf(record, rollout)
  if (!rollout || !analysis) {
    const which = version === undefined ? '' : ` v${version}`
    throw new PlatformError(
      'rollout.not_found',
      `There is no evidence of ${record.name}${which}: no rollout of it has come to its shadow. \`understudy why ${record.name}\` says more.`,
    )
  }
  const verdicts = await tx.verdict.findMany({ where: { rolloutId: rollout.id }, orderBy: { seq: 'asc' } })
  return {
    model: record.name,
    candidate: rollout.number,
    baseline: rollout.baselineNumber,
    rolloutId: rollout.id,
    analysis: analysisView(record, rollout, analysis),
    outcomes: await outcomesOf(tx, record, rollout),
    verdicts: verdicts.map(({ seq, at, outcome, analysis: stored }) => ({
      ...{ seq, at: at.toISOString(), stored: outcome as VerdictOutcome },
      ...recompute(stored as unknown as StoredJudgement, outcome),
    })),
  }
}

/** Null where the policy asks for no outcomes. */
async function outcomesOf(tx: Tx, record: ModelRecord, { evidence }: RolloutRecord) {
  if (record.config.rollout.gates.quality === undefined || evidence === null) return null
  return await readCoverage(tx, { model: record.name, seriesId: evidence.seriesId })
}

/** The newest rollout with evidence, of the version where one is named. */
function rolloutOf(record: ModelRecord, version: number | undefined): RolloutRecord | undefined {
  return record.rollouts.find(
    (rollout) => rollout.evidence !== null && (version === undefined || rollout.number === version),
  )
}

/** The formula over the stored counters. Numbers went through JSON: an e-value may differ in the last digit, never in what it says. */
function recompute(
  { plan, analysis }: StoredJudgement,
  stored: string,
): Pick<RecomputedVerdict, 'recomputed' | 'same'> {
  if (plan === undefined || analysis.counted === undefined) return { recomputed: null, same: false }
  const again = assessCounted(plan, analysis.counted)
  const same =
    again.outcome === stored &&
    again.gates.every((gate, index) => {
      const then = analysis.gates[index]
      return close(gate.logHarm, then?.logHarm) && close(gate.logSafe, then?.logSafe)
    })
  return { recomputed: again.outcome, same }
}

function close(left: number | null, right: number | null | undefined): boolean {
  if (left === null || right === null || right === undefined) return left === (right ?? null)
  return Math.abs(left - right) <= 1e-9 * Math.max(1, Math.abs(left))
}
