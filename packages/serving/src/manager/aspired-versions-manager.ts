import type { Clock, PlatformError } from '@understudy/core'
import type { AspiredVersionsCallback, ServableHandle, ServableId, ServableRequest } from '../servable.ts'
import type { AspiredVersionPolicy, ServableAction, ServableStateSnapshot } from './aspired-version-policy.ts'
import type { BasicManager } from './basic-manager.ts'
import { Displacements } from './displacements.ts'
import { draining } from './draining.ts'
import { type Aspired, HarnessAligner } from './harness-aligner.ts'
import type { LoaderFactory, LoaderHarness } from './loader-harness.ts'
import type { LabelMap, Manager, ResolvedServable } from './manager.ts'
import { RefusedModels } from './refused-models.ts'
import type { LabelSet } from './serving-map.ts'
import { takeSnapshots, type VersionPlace } from './take-snapshots.ts'

export interface AspiredVersionsManagerOptions<S> {
  readonly basic: BasicManager<S>
  readonly policy: AspiredVersionPolicy
  readonly clock: Clock
  readonly drainTimeoutMs: number
  /** How long a version stays in `error` before it is tried again, when the error may pass. */
  readonly errorRetryMs: number
  /** Called when a step is due: something was aspired, or an action ended. Whoever drives the manager calls `reconcileOnce`. */
  readonly onWork: () => void
  /** What a version is for by the plan. @defaultValue idle, and no label of the plan points to it */
  readonly placeOf?: ((id: ServableId) => VersionPlace) | undefined
}

const NO_PLACE: VersionPlace = { role: 'idle', promised: false }
/** Unloading comes after the drain; a loader that does not end is left behind after this. */
const UNLOAD_TIMEOUT_MS = 2_000

/**
 * Decides: compares what is aspired with what is there and lets the policy choose, model by model. A version that is loaded and still
 * aspired is never unloaded; one that is aspired again while it leaves waits until the old one is gone.
 *
 * @see TensorFlow Serving, core/aspired_versions_manager.h
 */
export class AspiredVersionsManager<S> implements Manager<S> {
  readonly #options: AspiredVersionsManagerOptions<S>
  readonly #basic: BasicManager<S>
  readonly #aspired = new Map<string, Aspired<S>>()
  readonly #running = new Set<Promise<void>>()
  readonly #displacements: Displacements<S>
  readonly #aligner: HarnessAligner<S>
  /** Models to look at in the next step. */
  readonly #dirty = new Set<string>()
  readonly #refused: RefusedModels<S>
  #closed = false

  constructor(options: AspiredVersionsManagerOptions<S>) {
    this.#options = options
    this.#basic = options.basic
    this.#displacements = new Displacements(options.basic.memory)
    this.#aligner = new HarnessAligner({
      ...options,
      displacements: this.#displacements,
      aspiredHarness: (id) => this.#aspiredHarness(id),
      track: (name, action) => this.#track(name, action),
    })
    this.#refused = new RefusedModels({ basic: options.basic, touch: (name) => this.touch(name) })
  }

  /** Takes the full list of one model; a version that is left out goes. */
  readonly aspire: AspiredVersionsCallback<LoaderFactory<S>> = (name, versions) => {
    if (this.#closed) return
    const aspired = new Map(versions.map((data) => [data.id.version, data]))
    this.#aspired.set(name, aspired)
    this.#displacements.keepOnly(name, aspired)
    this.touch(name)
  }

  /** Has a model looked at in the next step. */
  touch(name: string): void {
    if (this.#closed) return
    this.#dirty.add(name)
    this.#options.onWork()
  }

  /** Every model that is aspired or still here. */
  names(): readonly string[] {
    return [...new Set([...this.#aspired.keys(), ...this.#basic.names()])]
  }

  acquire(request: ServableRequest): ServableHandle<S> {
    if (this.#closed) throw draining()
    return this.#basic.acquire(request)
  }

  async withHandle<R>(request: ServableRequest, use: (handle: ServableHandle<S>) => Promise<R>): Promise<R> {
    const handle = this.acquire(request)
    let onRevoked: (() => void) | undefined
    const revoked = new Promise<never>((_resolve, reject) => {
      onRevoked = () => reject(handle.revoked.reason)
      handle.revoked.addEventListener('abort', onRevoked, { once: true })
    })
    try {
      return await Promise.race([use(handle), revoked])
    } finally {
      if (onRevoked) handle.revoked.removeEventListener('abort', onRevoked)
      handle.release()
    }
  }

  /** Who would serve, without counting. Same errors as {@link acquire}. */
  resolve(request: ServableRequest): ResolvedServable<S> {
    if (this.#closed) throw draining()
    return this.#basic.resolve(request)
  }

  isAvailable(id: ServableId): boolean {
    return this.#basic.isAvailable(id)
  }

  /** Labels in effect and their generation. */
  labelsOf(name: string): LabelSet | undefined {
    return this.#basic.labelsOf(name)
  }

  setLabels(name: string, labels: LabelMap, generation: number): void {
    this.#basic.setLabels(name, labels, generation)
    this.touch(name)
  }

  dropLabels(name: string): void {
    this.#basic.dropLabels(name)
    this.touch(name)
  }

  listAvailable(): readonly ServableId[] {
    return this.#basic.listAvailable()
  }

  /** Versions of a model that are available, with what was loaded. */
  loadedOf(name: string): readonly { readonly id: ServableId; readonly servable: S }[] {
    return this.#basic.loadedOf(name)
  }

  loadedAs(id: ServableId): S | undefined {
    return this.#basic.loadedAs(id)
  }

  /** Shows in its status what is wrong with an available version; undefined: nothing any more. */
  reportTrouble(id: ServableId, error: PlatformError | undefined): void {
    this.#basic.reportTrouble(id, error)
  }

  async reconcileOnce(): Promise<readonly ServableAction[]> {
    return this.names().flatMap((name) => this.reconcile(name))
  }

  /** One step of one model. Synchronous; waits for nothing that it starts. */
  reconcile(name: string): readonly ServableAction[] {
    const started: ServableAction[] = []
    if (this.#closed) return started
    this.#aligner.align(name, this.#aspired.get(name) ?? new Map())
    for (let action = this.#next(name); action !== null; action = this.#next(name)) {
      this.#start(action)
      started.push(action)
    }
    if (this.#aspired.get(name)?.size === 0 && this.#basic.harnessesOf(name).length === 0) {
      this.#aspired.delete(name)
      this.#refused.forget(name)
    }
    return started
  }

  /** Models for which something happened since the last call: only they need a step. */
  takeTouched(): readonly string[] {
    const touched = [...this.#dirty]
    this.#dirty.clear()
    return touched
  }

  /** Resolves when no load and no unload is running. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  /** Bounded: a loader that ignores its abort, or never unloads, is left behind, and ends with its process. */
  async close({ drainTimeoutMs }: { readonly drainTimeoutMs: number }): Promise<void> {
    if (this.#closed) return this.idle()
    this.#closed = true
    this.#aligner.close()
    this.#aspired.clear()
    for (const name of this.#basic.names()) {
      for (const harness of this.#basic.harnessesOf(name)) {
        if (harness.state === 'ready') this.#track(name, this.#basic.unload(harness.id, drainTimeoutMs))
        else this.#aligner.letGo(harness)
      }
    }
    const stopTimer = new AbortController()
    const { clock } = this.#options
    await Promise.race([this.idle(), clock.sleep(drainTimeoutMs + UNLOAD_TIMEOUT_MS, stopTimer.signal)])
    stopTimer.abort()
  }

  #aspiredHarness({ name, version }: ServableId): LoaderHarness<S> | undefined {
    if (!this.#aspired.get(name)?.has(version)) return undefined
    return this.#basic.harnessesOf(name).find((harness) => harness.id.version === version)
  }

  #next(name: string): ServableAction | null {
    return this.#options.policy.nextAction(this.#snapshots(name))
  }

  #snapshots(name: string): readonly ServableStateSnapshot[] {
    return takeSnapshots({
      harnesses: this.#basic.harnessesOf(name),
      aspired: [...(this.#aspired.get(name)?.keys() ?? [])],
      labelSet: this.#basic.labelsOf(name),
      memory: this.#basic.memory,
      placeOf: this.#options.placeOf ?? (() => NO_PLACE),
      mayDisplace: (id) => this.#displacements.mayDisplace(id),
    })
  }

  #start({ type, id, inFavourOf }: ServableAction): void {
    const victim = this.#aspiredHarness(id)
    if (inFavourOf !== undefined && victim !== undefined) this.#displacements.record(victim, inFavourOf)
    this.#track(
      id.name,
      type === 'load' ? this.#load(id) : this.#basic.unload(id, this.#options.drainTimeoutMs),
    )
  }

  async #load(id: ServableId): Promise<void> {
    const harness = this.#basic.harnessesOf(id.name).find((other) => other.id.version === id.version)
    await this.#basic.load(id)
    if (harness?.state === 'error') this.#aligner.loadFailed(harness)
  }

  #track(name: string, action: Promise<void>): void {
    const tracked = action.finally(() => {
      this.#running.delete(tracked)
      this.touch(name)
    })
    this.#running.add(tracked)
  }
}
