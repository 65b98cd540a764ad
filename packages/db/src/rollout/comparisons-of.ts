import { type ModelConfig, type OutputComparison, outputComparisons, policyHash } from '@understudy/core'
import type { ModelRecord, VersionRecord } from '../record/model-record.ts'

/** How the outputs of a version are compared: what `model.yaml` says, else what its validation suggested, else by type. */
export function comparisonsOf(
  config: ModelConfig,
  { signature, suggested }: Pick<VersionRecord, 'signature' | 'suggested'>,
): Readonly<Record<string, OutputComparison>> {
  return outputComparisons(signature ?? { inputs: [], outputs: [] }, config, suggested ?? {})
}

/** Hash of the policy in force for a version: it depends on the comparators, and so on the signature. */
export function policyHashFor(record: ModelRecord, version: VersionRecord): string {
  return policyHash(record.config.rollout, comparisonsOf(record.config, version))
}
