import {
  type CapturePlan,
  defaultModelConfig,
  type MirrorPlan,
  type ModelPlan,
  type PlannedVersion,
  type ServingPlan,
} from '@understudy/core'
import { LINE_SIGNATURE } from './fake-model.ts'

function plannedVersion(number: number, changes: Partial<PlannedVersion> = {}): PlannedVersion {
  return {
    number,
    digest: `digest-${number}`,
    commit: `commit-${number}`,
    entryPoint: 'model.onnx',
    files: [{ path: 'model.onnx', sha256: 'ab', sizeBytes: 3 }],
    golden: [],
    signature: LINE_SIGNATURE,
    runtime: defaultModelConfig().runtime,
    batchable: true,
    signatures: {},
    classLabels: {},
    measured: null,
    traceparent: null,
    ...changes,
  }
}

export function mirrorPlan(changes: Partial<MirrorPlan> = {}): MirrorPlan {
  return {
    rolloutId: 'rollout-1',
    seriesId: 'series-1',
    step: 'shadow',
    baseline: 1,
    candidate: 2,
    sample: 1,
    candidateShare: 0,
    compare: { y: { compare: { kind: 'tolerance', atol: 0, rtol: 0 }, gate: true } },
    latency: null,
    segmentHeader: null,
    keepAnswers: false,
    replay: false,
    storeInputs: false,
    traceparent: null,
    ...changes,
  }
}

export function modelPlan(
  model: string,
  generation: number,
  changes: {
    readonly versions?: readonly number[]
    readonly labels?: Readonly<Record<string, number>>
    readonly mirror?: MirrorPlan | null
    readonly resident?: boolean
    readonly digest?: string
    readonly capture?: CapturePlan | null
    readonly keepAnswersShare?: number
  } = {},
): ModelPlan {
  const { versions = [1], labels = { live: 1 }, mirror = null, resident = true, digest } = changes
  const planned = versions.map((number) =>
    plannedVersion(number, {
      runtime: { ...defaultModelConfig().runtime, resident },
      ...(digest !== undefined && { digest }),
    }),
  )
  const { capture = null, keepAnswersShare = 0 } = changes
  return { model, generation, versions: planned, labels, mirror, capture, keepAnswersShare }
}

export function servingPlan(...models: readonly ModelPlan[]): ServingPlan {
  return { readAtMs: Date.UTC(2026, 0, 1), models, keys: [] }
}
