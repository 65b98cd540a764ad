import { canonicalJson, sha256Hex } from '../digest.ts'
import type { OutputComparison, RolloutPolicy } from './schema.ts'

/** Names what a verdict depends on: gates, comparators and steps. Another hash is another evidence series. */
export function policyHash(
  policy: RolloutPolicy,
  comparisons: Readonly<Record<string, OutputComparison>>,
): string {
  const { strategy, shadow, gates, segments, canary, canaryMinPairs, canaryMinDuration, bake, approval } =
    policy
  const steps = { canary, canaryMinPairs, canaryMinDuration, bake }
  return sha256Hex(
    canonicalJson(
      JSON.parse(JSON.stringify({ strategy, shadow, gates, segments, steps, approval, comparisons })),
    ),
  )
}
