import { selectorOfVersion } from '@understudy/protocols'
import { ModelStatisticsRequest, ModelStatisticsResponse } from '@understudy/protocols/generated/grpc_service'
import { forEachStatistics, type ModelStatistics, statisticsOf } from '../../telemetry/model-statistics.ts'
import type { CountedTime, VersionStatistics } from '../../telemetry/version-statistics.ts'
import type { CallScope } from '../call-scope.ts'
import { decodeMessage, encodeMessage } from '../decode-message.ts'

/** Statistics of all versions, of a model's, or of one version. */
export function modelStatistics(
  message: Buffer,
  scope: CallScope,
  counted: ModelStatistics,
): Uint8Array | Promise<Uint8Array> {
  const { name, version } = decodeMessage(ModelStatisticsRequest, message)
  if (name === '') return allStatistics(scope, counted)
  const asked = { model: name, version: numberOf(scope, name, version) }
  return encoded(statisticsOf(scope.predictor, counted, asked))
}

/** Messages whose fields are repeated may be written one behind the other: read together they are one. */
async function allStatistics(scope: CallScope, counted: ModelStatistics): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  await forEachStatistics(scope.predictor, counted, (ofModel) => parts.push(encoded(ofModel)))
  return Buffer.concat(parts)
}

function encoded(statistics: readonly VersionStatistics[]): Uint8Array {
  return encodeMessage(ModelStatisticsResponse, { modelStats: statistics.map(toMessage) })
}

function numberOf(scope: CallScope, model: string, version: string): number | undefined {
  const selector = selectorOfVersion(version)
  if (selector === undefined) return undefined
  return selector.kind === 'number'
    ? selector.number
    : scope.predictor.describe(model, selector).servedBy.version
}

function toMessage(one: VersionStatistics) {
  const nothing = { count: 0n, ns: 0n }
  return {
    name: one.model,
    version: String(one.version),
    lastInference: whole(one.lastInferenceMs),
    inferenceCount: whole(one.inferenceCount),
    executionCount: whole(one.executionCount),
    inferenceStats: {
      ...{ success: duration(one.success), fail: duration(one.fail), queue: duration(one.queue) },
      computeInput: duration(one.computeInput),
      computeInfer: duration(one.computeInfer),
      computeOutput: duration(one.computeOutput),
      ...{ cacheHit: nothing, cacheMiss: nothing },
    },
    batchStats: one.batches.map((batch) => ({
      batchSize: whole(batch.batchSize),
      computeInput: duration(batch.computeInput),
      computeInfer: duration(batch.computeInfer),
      computeOutput: duration(batch.computeOutput),
    })),
    memoryUsage: [],
  }
}

function duration({ count, ns }: CountedTime) {
  return { count: whole(count), ns: whole(ns) }
}

function whole(value: number): bigint {
  return BigInt(Math.round(value))
}
