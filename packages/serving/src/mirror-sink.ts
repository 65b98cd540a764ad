import type { MirrorPlan, NamedTensors, PlatformError } from '@understudy/core'

/** What one version answered to one request of a mirrored batch. */
export type PairAnswer =
  | { readonly outputs: NamedTensors }
  | {
      readonly error: PlatformError
      /** The input did the same harm again, alone in a process of its own. */
      readonly confirmed?: true
    }

/** One request run by both versions. `rows` is the size of its batch axis, 1 where there is none. */
export interface Pair {
  readonly requestId: string
  readonly rows: number
  readonly inputs: NamedTensors
  readonly baseline: PairAnswer
  readonly candidate: PairAnswer
}

/** One run (micro-batch) that was sampled. Exactly one of the two methods is called, exactly once. */
export interface RunTicket {
  /** Both versions answered, or failed. A timeout or crash of the candidate is its error. */
  settle(pairs: readonly Pair[]): void
  /** The platform lost the run (shed, drained, node stopping): nobody's error. */
  lose(): void
}

/**
 * Where mirrored runs go. `apps/serving` wires it to comparators and counters.
 *
 * `admit` is called synchronously, before either version runs, in order of admission.
 */
export interface MirrorSink {
  admit(mirror: MirrorPlan, requestIds: readonly string[]): RunTicket
}
