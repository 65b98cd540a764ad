import type { Clock, PlannedKey, PlannedVersion } from '@understudy/core'
import type { AspiredVersionPolicy } from '../manager/aspired-version-policy.ts'
import { availabilityPreservingPolicy } from '../manager/availability-preserving-policy.ts'
import { DEFAULT_LOAD_RETRY, type LoadRetry } from '../manager/load-retry.ts'
import type { SampleLimits } from '../mirror/decide-sample.ts'
import type { MirrorSink } from '../mirror-sink.ts'
import type { ServingObserver } from '../observer.ts'
import type { PlanOverrides } from '../plan/plan-overrides.ts'
import type { PlanReader, PlanStore } from '../plan/plan-ports.ts'
import type { AnswerKeeper, InputCapture } from '../request-keepers.ts'
import type { Loader, ModelServable, SourceAdapter } from '../servable.ts'

export interface ServingNodePorts {
  readonly reader: PlanReader
  readonly store: PlanStore
  /** What an operator decided on this node alone. @defaultValue nothing */
  readonly overrides?: PlanOverrides | undefined
  /** Makes the loader of a version; asked again for each attempt to load. */
  readonly adapter: SourceAdapter<PlannedVersion, Loader<ModelServable>>
  readonly mirrorSink: MirrorSink
  /** Keeps live requests of models whose plan says so. @defaultValue none are kept */
  readonly capture?: InputCapture | undefined
  /** Keeps live answers of models whose plan says so. @defaultValue none are kept */
  readonly answers?: AnswerKeeper | undefined
  readonly clock: Clock
  readonly observer: ServingObserver
  /** Called with the API keys of the plan, whenever they differ from those before. */
  readonly onKeys?: ((keys: readonly PlannedKey[]) => void) | undefined
  /** Share of the time, 0 to 1, in which the loop of this process was busy lately. @defaultValue measured */
  readonly loopBusyShare?: (() => number) | undefined
  /** Uniform in [0, 1): throws the coins of the mirror and of what is kept. */
  readonly random: () => number
}

export interface ServingNodeSettings {
  /** Memory for all versions together. A version that does not fit is not loaded. */
  readonly memoryLimitBytes: number
  readonly policy: AspiredVersionPolicy
  /** Loads that run at the same time. */
  readonly loadConcurrency: number
  readonly retry: LoadRetry
  /** How long a version stays in `error` before it is tried again, when the error may pass. */
  readonly errorRetryMs: number
  /** How long an unloaded version may finish its requests before they get `serving.drain_timeout`. */
  readonly drainTimeoutMs: number
  readonly pollIntervalMs: number
  readonly readTimeoutMs: number
  /** A plan confirmed within this time counts as current. */
  readonly currentForMs: number
  /** Safety net: a step is taken this often even when nothing asked for one. */
  readonly tickMs: number
  readonly mirrorLimits: SampleLimits
}

export const DEFAULT_SERVING_NODE_SETTINGS: Omit<ServingNodeSettings, 'memoryLimitBytes'> = {
  policy: availabilityPreservingPolicy,
  loadConcurrency: 2,
  retry: DEFAULT_LOAD_RETRY,
  errorRetryMs: 60_000,
  drainTimeoutMs: 30_000,
  pollIntervalMs: 1_000,
  readTimeoutMs: 5_000,
  currentForMs: 10_000,
  tickMs: 5_000,
  mirrorLimits: { runsMax: 32, inputBytesMax: 64 * 1024 * 1024, runsPerSecond: 100 },
}
