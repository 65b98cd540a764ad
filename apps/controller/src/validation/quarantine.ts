import type { QuarantinePort } from '@understudy/gitops'
import { type ExecutorOptions, type QuarantineLimits, runQuarantine } from '@understudy/onnx'

/** Quarantine over ONNX Runtime in a throw-away executor process. */
export function createQuarantine(
  executor: Omit<ExecutorOptions, 'memoryLimitBytes'>,
  limits: Partial<QuarantineLimits>,
): QuarantinePort {
  return {
    run: ({ modelPath, golden, runtime }, signal) =>
      runQuarantine({
        modelPath,
        golden,
        runtime,
        executor,
        limits,
        signal,
      }),
  }
}
