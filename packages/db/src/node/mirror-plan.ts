import {
  type CapturePlan,
  type MirrorPlan,
  type ModelConfig,
  type OutputComparison,
  outputComparisons,
  type Signature,
} from '@understudy/core'

/** The open rollout of a model, as far as nodes are concerned. */
export interface MirroredRollout {
  readonly id: string
  readonly seriesId: string
  readonly state: string
  readonly step: string
  readonly pauseReason: string | null
  /** Null while no canary weight was reached. */
  readonly weightIndex: number | null
  readonly baseline: number
  readonly candidate: number
  readonly traceparent: string | null
}

/** Share of live answers that are kept where no rollout is, so that outcomes can score what is live. */
const KEEP_ANSWERS_SHARE = 0.1

/** Pauses that wait for something else than evidence: it goes on being collected. */
const COLLECTING_PAUSES: ReadonlySet<string> = new Set(['approval', 'held', 'frozen', 'nodesLagging'])

/** Where evidence is collected, and what share of requests the candidate answers there. */
interface CollectingStep {
  readonly step: string
  readonly candidateShare: number
}

function collectingStep(row: MirroredRollout, config: ModelConfig): CollectingStep | null {
  const { state, step, pauseReason } = row
  if (state === 'paused' && !COLLECTING_PAUSES.has(pauseReason ?? '')) return null
  if (step === 'preparing') return null
  if (step === 'bake') return { step: 'bake', candidateShare: 1 }
  // Approval, promoting and their pauses go on where evidence was collected last.
  if (row.weightIndex === null) return { step: 'shadow', candidateShare: 0 }
  const weight = config.rollout.canary[row.weightIndex]
  // The policy changed a moment ago: the rollout ends at the next look, and until then everybody is answered by what is live.
  return weight === undefined ? null : { step: `canary-${weight}`, candidateShare: weight / 100 }
}

/** The version that is tried, and how its validation would compare its outputs; null for one that was validated before that was said. */
export interface MirroredCandidate {
  readonly signature: Signature
  readonly suggested: Readonly<Record<string, OutputComparison>> | null
}

/** What nodes mirror for the open rollout of a model; null while it collects nothing. */
export function mirrorPlan(
  row: MirroredRollout,
  { signature, suggested }: MirroredCandidate,
  config: ModelConfig,
): MirrorPlan | null {
  const collecting = collectingStep(row, config)
  if (collecting === null) return null
  const { gates, shadow, segments } = config.rollout
  return {
    rolloutId: row.id,
    seriesId: row.seriesId,
    ...collecting,
    baseline: row.baseline,
    candidate: row.candidate,
    sample: shadow.sample,
    compare: outputComparisons(signature, config, suggested ?? {}),
    latency: gates.latency ? { share: gates.latency.sample, overMs: gates.latency.overMs ?? null } : null,
    segmentHeader: segments?.header ?? null,
    keepAnswers: gates.quality !== undefined,
    replay:
      collecting.step === 'shadow' &&
      (config.privacy.capture !== undefined || shadow.require.includes('replay')),
    storeInputs: config.privacy.storeInputs,
    traceparent: row.traceparent,
  }
}

/** The label that the candidate carries while it collects evidence; none in bake, where it is live. */
export function candidateLabel({ step, candidate }: MirrorPlan): Readonly<Record<string, number>> {
  if (step === 'bake') return {}
  return step === 'shadow' ? { shadow: candidate } : { canary: candidate }
}

/** What nodes keep of live requests, to be replayed; null where the author did not ask for it. */
export function capturePlan({ privacy }: ModelConfig): CapturePlan | null {
  const { capture } = privacy
  if (capture === undefined) return null
  const { share, maxRequests, maxBytes, maxAge, redact } = capture
  return { share, maxRequests, maxBytes, maxAgeMs: maxAge, redact }
}

/** Share of live answers that nodes keep outside of rollouts: none where no outcome is reported. */
export function keepAnswersShare({ rollout }: ModelConfig): number {
  return rollout.gates.quality === undefined ? 0 : KEEP_ANSWERS_SHARE
}
