import {
  loadContradictions,
  loadOutcomeCoverage,
  loadQualityCurve,
  type OutcomeCoverage,
  type Tx,
} from '@understudy/db'
import type { OutcomeCoverageView, QualityView } from '../../views/index.ts'

/** How good the versions of a model are by what turned out to be true; null where its policy asks for no outcomes. */
export async function readQuality(tx: Tx, model: string): Promise<QualityView | null> {
  const curve = await loadQualityCurve(tx, model)
  if (curve === null) return null
  const contradictions = await loadContradictions(tx, model)
  return {
    output: curve.output,
    loss: curve.loss,
    margin: curve.margin,
    coverage: coverageView(await loadOutcomeCoverage(tx, { model, seriesId: null })),
    contradictions: contradictions.map(({ requestId, counts, said, reportedBy, at }) => ({
      ...{ requestId, counts, said, reportedBy, at: at.toISOString() },
    })),
    versions: curve.versions.map(({ number, days, drift }) => ({
      number,
      days: days.map(({ day, count, meanLoss }) => ({
        ...{ day: day.toISOString().slice(0, 10), count, meanLoss },
      })),
      alarm: drift?.alarm === true,
    })),
  }
}

/** How much of one rollout's predictions turned out to be known. */
export async function readCoverage(
  tx: Tx,
  target: { readonly model: string; readonly seriesId: string },
): Promise<OutcomeCoverageView> {
  return coverageView(await loadOutcomeCoverage(tx, target))
}

function coverageView({
  kept,
  reported,
  scored,
  contradicted,
  warning,
}: OutcomeCoverage): OutcomeCoverageView {
  return { kept, reported, scored, contradicted, warning }
}
