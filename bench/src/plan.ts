import type { MirrorPlan, ModelPlan, PlannedVersion } from '@understudy/core'

interface PlanParts {
  readonly versions: readonly PlannedVersion[]
  /** @defaultValue the first of `versions` */
  readonly live?: number
  readonly previous?: number
  /** Number that every live batch is mirrored to. */
  readonly shadow?: number
}

/** The plan of one model as the control plane would write it. */
export function planOf(model: string, generation: number, parts: PlanParts): ModelPlan {
  const { versions, live = versions[0]?.number ?? 0, previous, shadow } = parts
  const labels = { live, ...(previous === undefined ? {} : { previous }) }
  const mirror = shadow === undefined ? null : mirrorOf(model, live, shadow)
  return { model, generation, versions, labels, mirror, capture: null, keepAnswersShare: 0 }
}

function mirrorOf(model: string, baseline: number, candidate: number): MirrorPlan {
  return {
    ...{ rolloutId: `${model}-rollout`, seriesId: `${model}-series`, step: 'shadow' },
    ...{ baseline, candidate, sample: 1, candidateShare: 0, traceparent: null },
    ...{ latency: null, segmentHeader: null, keepAnswers: false, replay: false, storeInputs: false },
    compare: { y: { compare: { kind: 'tolerance', atol: 1e-5, rtol: 1e-3 }, gate: true } },
  }
}
