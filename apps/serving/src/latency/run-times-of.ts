import type { ErrorCode } from '@understudy/core'
import type { ComparedRun } from '@understudy/onnx'
import type { RunTimes } from '@understudy/rollout'

/** What the platform did, or was asked to do: it says nothing about a version. */
const PLATFORM_CODES: ReadonlySet<ErrorCode> = new Set([
  'serving.executor_lost',
  'onnx.executor_unavailable',
  'serving.cancelled',
  'serving.draining',
  'platform.unexpected',
])

/**
 * Run times of a pair; null when the platform lost it. A version that did not answer, since its run was ended or failed, is slower than
 * every edge: it shall not win by failing fast. Where neither answered, neither is slower.
 */
export function runTimesOf(pair: {
  readonly baseline: ComparedRun
  readonly candidate: ComparedRun
}): RunTimes | null {
  const [baselineMs, candidateMs] = [timeOf(pair.baseline), timeOf(pair.candidate)]
  return baselineMs === null || candidateMs === null ? null : { baselineMs, candidateMs }
}

function timeOf(run: ComparedRun): number | null {
  if (!('error' in run)) return run.runTimeMs
  return PLATFORM_CODES.has(run.error.code) ? null : Number.POSITIVE_INFINITY
}
