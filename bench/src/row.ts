import type { BenchContext } from './bench-context.ts'
import type { Finding } from './report/entry.ts'

/** One measurement. It gives a finding for each of its targets, and ends within its time. */
export interface Row {
  /** Targets that it measures. */
  readonly ids: readonly string[]
  /** At the usual number of rounds; with more it grows. @defaultValue 90000 */
  readonly limitMs?: number
  run(bench: BenchContext): Promise<readonly Finding[]>
}
