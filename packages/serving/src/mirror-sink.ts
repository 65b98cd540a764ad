import type { MirrorPlan, NamedTensors, PlatformError } from '@understudy/core'

/** What one version answered to one request of a mirrored batch. */
export type PairAnswer =
  | { readonly outputs: NamedTensors }
  | {
      readonly error: PlatformError
      /** The input did the same harm again, alone in a process of its own. */
      readonly confirmed?: true
    }

/** Where the requests of a pair come from: clients, or what was captured of them earlier. Each source has evidence of its own. */
export type PairSource = 'live' | 'replay'

/** A request that is about to become a pair, as far as it is known before anything runs. */
export interface AdmittedRequest {
  readonly requestId: string
  /** Value of the header that splits evidence; empty where there is none. */
  readonly segment: string
}

/** One request run by both versions. `rows` is the size of its batch axis, 1 where there is none. */
export interface Pair {
  readonly requestId: string
  readonly rows: number
  readonly inputs: NamedTensors
  readonly baseline: PairAnswer
  readonly candidate: PairAnswer
}

/** What became of one sampled run. */
export interface PairedRun {
  readonly pairs: readonly Pair[]
  /** All inputs stacked, as both versions got them. */
  readonly inputs: NamedTensors
  /**
   * Time of the candidate's run in the form in which it serves; `Infinity` for one that was given up or ended, null when the candidate
   * was not run or nobody measured.
   */
  readonly candidateRunMs: number | null
}

/** One run (micro-batch) that was sampled. Exactly one of the two methods is called, exactly once. */
export interface RunTicket {
  /**
   * Both versions answered, or failed. A timeout or crash of the candidate is its error.
   *
   * Called in bursts, for what ended meanwhile from one `setImmediate`, so that it can be handed on together. Must be cheap.
   */
  settle(run: PairedRun): void
  /** The platform lost the run (shed, drained, node stopping): nobody's error. */
  lose(): void
}

/**
 * Where mirrored runs go. `apps/serving` wires it to comparators and counters.
 *
 * `admit` is called synchronously, before either version runs, in order of admission.
 */
export interface MirrorSink {
  admit(mirror: MirrorPlan, requests: readonly AdmittedRequest[], source: PairSource): RunTicket
  /** Every live batch of a model that collects evidence, sampled or not: how much of the traffic the evidence speaks for. */
  passed(mirror: MirrorPlan, requests: number, sampled: boolean): void
}
