import { formatCount, formatVersion } from '../text/format.ts'
import type { QualityDrift } from './assess-quality-drift.ts'

/** Why a live version is said to have become worse, as a sentence; null when it is not. */
export function describeQualityDrift(version: number, drift: QualityDrift): string | null {
  const { alarm, reference, live, limit } = drift
  if (!alarm || limit === null || reference.mean === null || live.mean === null) return null
  return `${formatVersion(version)} answers worse than in its rollout: a mean loss of ${loss(live.mean)} over ${formatCount(live.count)} outcomes since it went live, ${loss(reference.mean)} over ${formatCount(reference.count)} before. Up to ${loss(limit)} would be within its margin and chance. It stays live: the world may have changed.`
}

function loss(mean: number): string {
  return String(Number(mean.toPrecision(3)))
}
