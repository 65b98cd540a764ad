import type { CapturePlan, Comparator, LatencyPlan, MirrorPlan, OutputComparison } from '@understudy/core'
import {
  type Check,
  isBoolean,
  isFiniteNumber,
  isListOf,
  isNullOr,
  isOneOf,
  isRecordOf,
  isShape,
  isString,
} from './shape-check.ts'

type Kind = Comparator['kind']
type ComparatorChecks = { readonly [K in Kind]: Check<Extract<Comparator, { readonly kind: K }>> }

const COMPARATORS: ComparatorChecks = {
  equal: isShape({ kind: isOneOf(['equal']) }),
  argmax: isShape({ kind: isOneOf(['argmax']) }),
  topK: isShape({ kind: isOneOf(['topK']), k: isFiniteNumber }),
  cosine: isShape({ kind: isOneOf(['cosine']), min: isFiniteNumber }),
  threshold: isShape({ kind: isOneOf(['threshold']), at: isFiniteNumber }),
  setOverlap: isShape({ kind: isOneOf(['setOverlap']), min: isFiniteNumber }),
  tolerance: isShape({ kind: isOneOf(['tolerance']), atol: isFiniteNumber, rtol: isFiniteNumber }),
}

const isComparator: Check<Comparator> = (value): value is Comparator =>
  Object.values(COMPARATORS).some((check) => check(value))

export const isMirrorPlan = isShape<MirrorPlan>({
  rolloutId: isString,
  seriesId: isString,
  step: isString,
  baseline: isFiniteNumber,
  candidate: isFiniteNumber,
  sample: isFiniteNumber,
  candidateShare: isFiniteNumber,
  compare: isRecordOf(isShape<OutputComparison>({ compare: isComparator, gate: isBoolean })),
  latency: isNullOr(isShape<LatencyPlan>({ share: isFiniteNumber, overMs: isNullOr(isFiniteNumber) })),
  segmentHeader: isNullOr(isString),
  keepAnswers: isBoolean,
  replay: isBoolean,
  storeInputs: isBoolean,
  traceparent: isNullOr(isString),
})

export const isCapturePlan = isShape<CapturePlan>({
  share: isFiniteNumber,
  maxRequests: isFiniteNumber,
  maxBytes: isFiniteNumber,
  maxAgeMs: isFiniteNumber,
  redact: isListOf(isString),
})
