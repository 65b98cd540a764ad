import { isLoopbackHost } from '@understudy/core'

export const PREDICT_AUTH = ['off', 'required'] as const
export type PredictAuth = (typeof PREDICT_AUTH)[number]

/**
 * Whether predictions need an API key: what was set, else only where others than this machine can reach the node. What must not be comes
 * out as a sentence.
 */
export function decidePredictAuth(
  set: PredictAuth | undefined,
  hosts: readonly string[],
): PredictAuth | { readonly refusal: string } {
  const open = hosts.find((host) => !isLoopbackHost(host))
  if (open === undefined) return set ?? 'off'
  if (set !== 'off') return 'required'
  return {
    refusal: `predictions without API keys are for loopback only, and this node listens on ${open}: leave it out, or set required`,
  }
}
