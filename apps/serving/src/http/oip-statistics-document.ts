import type { CountedTime, VersionStatistics } from '../telemetry/version-statistics.ts'

const NOTHING: CountedTime = { count: 0, ns: 0 }

function versionDocument(one: VersionStatistics) {
  const { success, fail, queue, computeInput, computeInfer, computeOutput } = one
  return {
    name: one.model,
    version: String(one.version),
    last_inference: one.lastInferenceMs,
    inference_count: one.inferenceCount,
    execution_count: one.executionCount,
    inference_stats: {
      ...{ success, fail, queue },
      ...{ compute_input: computeInput, compute_infer: computeInfer, compute_output: computeOutput },
      ...{ cache_hit: NOTHING, cache_miss: NOTHING },
    },
    response_stats: {},
    batch_stats: one.batches.map((batch) => ({
      batch_size: batch.batchSize,
      compute_input: batch.computeInput,
      compute_infer: batch.computeInfer,
      compute_output: batch.computeOutput,
    })),
    memory_usage: [],
  }
}

/** Statistics as the protocol's extension has them. Nothing is cached here, so hits and misses are zero. */
export function oipStatisticsDocument(statistics: readonly VersionStatistics[]) {
  return { model_stats: statistics.map(versionDocument) }
}
