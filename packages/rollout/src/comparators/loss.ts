import type { RolloutPolicy } from '@understudy/core'
import type { Prediction } from './prediction.ts'

/** What really was: reported seconds to weeks after the prediction. */
export type Outcome = { readonly label: string } | { readonly value: number }

/** How the policy scores a prediction against an outcome. */
export type LossPolicy = Pick<NonNullable<RolloutPolicy['gates']['quality']>, 'loss' | 'scale'>

/**
 * How wrong a prediction was, from 0 to 1; null when the two cannot be compared (a name against a number).
 *
 * `zeroOne`: 0 for the class that was reported, by name or by number, else 1. `absolute`: the distance over `scale`, at most 1; a
 * prediction that is no finite number is as wrong as can be.
 */
export function lossOf(prediction: Prediction, outcome: Outcome, policy: LossPolicy): number | null {
  if (policy.loss === 'absolute') return absoluteLoss(prediction, outcome, policy.scale)
  if ('label' in outcome) {
    return prediction.label === null ? null : Number(prediction.label !== outcome.label)
  }
  return prediction.value === null ? null : Number(prediction.value !== outcome.value)
}

function absoluteLoss({ value }: Prediction, outcome: Outcome, scale: number): number | null {
  if (value === null || !('value' in outcome) || !Number.isFinite(outcome.value)) return null
  if (typeof value === 'string') return 1
  const distance = Math.abs(value - outcome.value) / scale
  // Two infinite steps apart is no number; it is far.
  return Number.isNaN(distance) ? 1 : Math.min(1, distance)
}
