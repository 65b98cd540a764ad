import { type ModelRecord, type RolloutRecord, type VersionRecord, versionOf } from '@understudy/db'
import { type Analysis, edgeOf, type PropertyCounters, pairsOf, RUN_TIMES_GATE } from '@understudy/rollout'
import type { VariantView } from '../../views/index.ts'

/**
 * A compressed version beside its parent: size, load, memory, run time and agreement. Null for a version that is no variant, or whose parent
 * is not on record.
 *
 * Run times and agreement come from pairs, so they are there only where the parent was live when the rollout began.
 */
export function variantView(
  record: ModelRecord,
  rollout: RolloutRecord,
  analysis: Analysis | null,
): VariantView | null {
  const variant = versionOf(record, rollout.number)
  const parent = versionOf(record, variant?.variantOf ?? null)
  if (!variant || !parent) return null
  const compared = rollout.baselineDigest === parent.digest ? analysis : null
  return {
    of: parent.number,
    ...costs(variant, parent),
    ...runTimes(compared?.counted.counters ?? []),
    ...agreement(compared),
  }
}

function costs(variant: VersionRecord, parent: VersionRecord) {
  return {
    sizeBytes: variant.sizeBytes,
    parentSizeBytes: parent.sizeBytes,
    loadMs: variant.loadMs,
    parentLoadMs: parent.loadMs,
    memoryBytes: variant.memoryBytes,
    parentMemoryBytes: parent.memoryBytes,
  }
}

/** The edge that half of the runs exceed. */
function runTimes(counters: readonly PropertyCounters[]) {
  const rows = counters.filter((row) => row.gate === RUN_TIMES_GATE)
  const edges = rows
    .map((row) => ({ edgeMs: edgeOf(row.property) ?? 0, row }))
    .sort((left, right) => left.edgeMs - right.edgeMs)
  const pairs = Math.max(0, ...rows.map((row) => pairsOf(row)))
  const median = (above: (row: PropertyCounters) => number) =>
    pairs === 0 ? null : (edges.find(({ row }) => above(row) < pairs / 2)?.edgeMs ?? null)
  return { runMs: median((row) => row.nPlus), parentRunMs: median((row) => row.nMinus) }
}

function agreement(analysis: Analysis | null) {
  const gates =
    analysis?.gates.filter(({ gate, source }) => gate === 'disagreement' && source === 'live') ?? []
  const [worst] = gates.map((gate) => gate.worst)
  if (!worst || worst.pairs === 0) return { agreement: null, pairs: 0 }
  return { agreement: 1 - worst.counters.nPlus / worst.pairs, pairs: worst.pairs }
}
