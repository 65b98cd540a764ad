import type { ServableHandle, ServableId, ServableRequest } from '../servable.ts'
import type { ServableAction } from './aspired-version-policy.ts'

/** Label to version number. */
export type LabelMap = Readonly<Record<string, number>>

/** What a request would get, without counting: good for this tick only. */
export interface ResolvedServable<S> {
  readonly id: ServableId
  readonly servable: S
  /** Of the labels in effect; undefined before the first. */
  readonly generation: number | undefined
}

/**
 * Holds versions and answers who serves what.
 *
 * @see TensorFlow Serving, core/manager.h
 */
export interface Manager<S> {
  /**
   * Resolves and counts in one synchronous step, so no unload can slip in between.
   *
   * @throws PlatformError `serving.model_not_found`, `serving.version_not_found`, `serving.label_not_found`,
   * `serving.version_not_available`, `serving.draining`
   */
  acquire(request: ServableRequest): ServableHandle<S>
  /** Holds the version while `use` runs; rejects with `serving.drain_timeout` when the version is taken away meanwhile. */
  withHandle<R>(request: ServableRequest, use: (handle: ServableHandle<S>) => Promise<R>): Promise<R>
  /**
   * Moves all labels of a model by one assignment. Repeating it changes nothing.
   *
   * @throws PlatformError `serving.version_not_available` unless every target is available, `serving.stale_generation`
   */
  setLabels(name: string, labels: LabelMap, generation: number): void
  listAvailable(): readonly ServableId[]
  /** One step: looks at what is aspired and what is there, and starts what follows. Does not wait for loads. */
  reconcileOnce(): Promise<readonly ServableAction[]>
  /** Takes no new work, waits for what is running, unloads everything. */
  close(options: { readonly drainTimeoutMs: number }): Promise<void>
}
