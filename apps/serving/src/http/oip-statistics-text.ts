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

/** The document of the protocol's extension, from statistics that come bit by bit. Nothing is cached here, so hits and misses are zero. */
export class OipStatisticsText {
  readonly #parts: string[] = []

  add(statistics: readonly VersionStatistics[]): void {
    for (const one of statistics) this.#parts.push(JSON.stringify(versionDocument(one)))
  }

  toString(): string {
    return `{"model_stats":[${this.#parts.join(',')}]}`
  }
}
