import type { RuntimeConfig } from '@understudy/core'
import type { GoldenFile } from '../golden/golden-file.ts'
import type { ExecutorOptions } from '../process/executor-options.ts'
import type { QuarantineLimits, QuarantineReport } from './quarantine-options.ts'
import { runQuarantine } from './run-quarantine.ts'

/** What one quarantine is about; the machine's side of it is fixed by {@link createQuarantineRunner}. */
export interface QuarantineSubject {
  readonly modelPath: string
  readonly golden: readonly GoldenFile[]
  readonly runtime: RuntimeConfig
}

export interface QuarantineRunner {
  run(subject: QuarantineSubject, signal?: AbortSignal): Promise<QuarantineReport>
}

/** {@link runQuarantine} with the executor and the limits of this machine, as the validation of versions asks for it. */
export function createQuarantineRunner(
  executor: Omit<ExecutorOptions, 'memoryLimitBytes'>,
  limits: Partial<QuarantineLimits> = {},
): QuarantineRunner {
  return { run: (subject, signal) => runQuarantine({ ...subject, executor, limits, signal }) }
}
