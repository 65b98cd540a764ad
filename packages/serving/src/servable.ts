import type { NamedTensors, PlatformError, ServableState, Signature } from '@understudy/core'

/** Names one loaded version: model and number. */
export interface ServableId {
  readonly name: string
  readonly version: number
}

/** What a Source hands on for one version: its data, or the reason why there is none. A failing version stops no other. */
export type ServableData<T> = {
  readonly id: ServableId
  /** Names what the data hold. The same id with another content is loaded again. */
  readonly content?: string | undefined
} & ({ readonly data: T } | { readonly error: PlatformError })

/** The full list of versions that a Source wants loaded of one model. A version that is left out is unloaded. */
export type AspiredVersionsCallback<T> = (name: string, versions: readonly ServableData<T>[]) => void

/** Emits aspired versions until the signal aborts. */
export interface Source<T> {
  start(emit: AspiredVersionsCallback<T>, signal: AbortSignal): void
}

/** Turns what one Source emits into what the next stage wants; a failure travels as data. */
export interface SourceAdapter<I, O> {
  adapt(input: ServableData<I>): ServableData<O>
}

/** Upper bound of what a version needs while loaded. */
export interface ResourceEstimate {
  readonly memoryBytes: number
  readonly executors: number
}

/**
 * What a version is for at this moment: decides in which form and where it is held. `rollout`: compared with live, answers nobody;
 * `canary`: answers clients while it is still on trial, from the first canary step through the bake: in the form of `live`, beside no
 * other version.
 */
export type ServableRole = 'live' | 'canary' | 'rollout' | 'idle'

export interface LoadContext {
  readonly id: ServableId
  readonly signal: AbortSignal
  /** At the beginning of the load; later changes come by {@link ModelServable.assume}. */
  readonly role: ServableRole
  /** Inputs that clients sent not long ago, for a warm-up where there are no golden samples. */
  readonly warmUpInputs?: readonly NamedTensors[] | undefined
  /** Requests wait for this load: one run is warm-up enough. @defaultValue false */
  readonly awaited?: boolean | undefined
}

export interface WarmUpReport {
  readonly runs: number
  readonly tookMs: number
}

/**
 * Loads and unloads one version, once.
 *
 * Call sequence: `estimateResources` (any number), `load` (once), `warmUp` (at most once), `unload` (once, after the drain, also after
 * a failed load).
 */
export interface Loader<S> {
  /** For a load in that role. Non-increasing over time. */
  estimateResources(role: ServableRole): Promise<ResourceEstimate>
  load(context: LoadContext): Promise<S>
  warmUp?(servable: S, signal: AbortSignal): Promise<WarmUpReport>
  unload(): Promise<void>
}

/** A counted reference: while it is held, the servable stays loaded. Release is idempotent. */
export interface ServableHandle<S> extends Disposable {
  readonly id: ServableId
  readonly servable: S
  /** Aborts with `serving.drain_timeout` when the version is taken away before the release. */
  readonly revoked: AbortSignal
  release(): void
}

export type ServableRequest = { readonly name: string } & (
  | { readonly version: number }
  | { readonly label: string }
)

/** A fact about one version on this node, published after it became true (and `unloading` before the map changes). */
export interface ServableStateEvent {
  readonly id: ServableId
  readonly state: ServableState
  readonly error?: PlatformError | undefined
  /** Milliseconds since the epoch. */
  readonly at: number
}

/** Answer of one run: outputs in the order of the signature and the time that the model itself took. */
export interface RunResult {
  readonly outputs: NamedTensors
  readonly runTimeMs: number
}

/** A loaded model version. Safe to call in parallel; the caller holds a handle until the promise settles. */
export interface ModelServable {
  readonly signature: Signature
  /** The first axis of every input and output is a proved batch axis. */
  readonly batchable: boolean
  /**
   * Runs one batch. Inputs have been checked against the signature. A run that was only waiting when its executor ended is repeated
   * by itself on the next one.
   *
   * @throws PlatformError `onnx.run_failed`; `serving.executor_lost` when there was no executor in time; and for a run that was being
   * carried out when its executor ended, so that it may be the cause ({@link isSuspectError}): `onnx.run_crashed`,
   * `serving.run_timeout`, `onnx.memory_limit`, `onnx.frame_invalid`
   */
  run(inputs: NamedTensors): Promise<RunResult>
  /**
   * Runs one suspect request in a process that is there for nothing else, so that it can hurt nobody. Same errors; a second crash
   * means that this input is the cause.
   */
  runAlone?(inputs: NamedTensors): Promise<RunResult>
  /** Told whenever the role of the version changes; form and place follow behind the traffic. Never throws. */
  assume?(role: ServableRole): void
  /** Whether it is held, at this moment, in the form in which it answers clients. @defaultValue it always is */
  isInLiveForm?(): boolean
}
