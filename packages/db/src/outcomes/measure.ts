import { canonicalJson, type RolloutPolicy } from '@understudy/core'

/** What outcomes judge a model by, from its `model.yaml`. */
export type QualityPolicy = NonNullable<RolloutPolicy['gates']['quality']>

/** Names what a loss measures. Losses of different measures are never compared or summed. */
export function measureOf({ output, loss, scale }: QualityPolicy): string {
  return canonicalJson(loss === 'absolute' ? { output, loss, scale } : { output, loss })
}
