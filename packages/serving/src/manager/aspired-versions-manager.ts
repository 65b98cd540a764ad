import { type Clock, PlatformError } from '@understudy/core'
import type {
  AspiredVersionsCallback,
  ServableData,
  ServableHandle,
  ServableId,
  ServableRequest,
} from '../servable.ts'
import type { AspiredVersionPolicy, ServableAction, ServableStateSnapshot } from './aspired-version-policy.ts'
import type { BasicManager } from './basic-manager.ts'
import { Displacements } from './displacements.ts'
import { mayPass } from './load-retry.ts'
import type { LoaderFactory, LoaderHarness } from './loader-harness.ts'
import type { LabelMap, Manager, ResolvedServable } from './manager.ts'
import { refusedBytes } from './resource-tracker.ts'
import type { LabelSet } from './serving-map.ts'
import { takeSnapshots, type VersionPlace } from './take-snapshots.ts'

type Aspired<S> = ReadonlyMap<number, ServableData<LoaderFactory<S>>>

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
  readonly #failedAtMs = new WeakMap<LoaderHarness<S>, number>()
  /** Harnesses that only show an error of the Source: there never was a loader. */
  readonly #withoutData = new WeakSet<LoaderHarness<S>>()
  /** What each harness was told to load. */
  readonly #contents = new WeakMap<LoaderHarness<S>, string | undefined>()
  readonly #replaceFailedAtMs = new WeakMap<LoaderHarness<S>, number>()
  readonly #displacements: Displacements<S>
  /** Models to look at in the next step. */
  readonly #dirty = new Set<string>()
  /** Models of which a version was refused for want of memory. */
  readonly #hungry = new Set<string>()
  #closed = false

  constructor(options: AspiredVersionsManagerOptions<S>) {
    this.#options = options
    this.#basic = options.basic
    const { memory } = options.basic
    this.#displacements = new Displacements(memory)
    options.basic.onRefused(({ name }) => {
      this.#hungry.add(name)
      this.touch(name)
    })
    memory.onFreed(() => this.#memoryFreed())
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
    this.#align(name)
    for (let action = this.#next(name); action !== null; action = this.#next(name)) {
      this.#start(action)
      started.push(action)
    }
    if (this.#aspired.get(name)?.size === 0 && this.#basic.harnessesOf(name).length === 0) {
      this.#aspired.delete(name)
      this.#hungry.delete(name)
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
    this.#aspired.clear()
    for (const name of this.#basic.names()) {
      for (const harness of this.#basic.harnessesOf(name)) {
        if (harness.state === 'ready') this.#track(name, this.#basic.unload(harness.id, drainTimeoutMs))
        else this.#letGo(harness)
      }
    }
    const stopTimer = new AbortController()
    const { clock } = this.#options
    await Promise.race([this.idle(), clock.sleep(drainTimeoutMs + UNLOAD_TIMEOUT_MS, stopTimer.signal)])
    stopTimer.abort()
  }

  /** Brings the list of harnesses into line with what is aspired, as far as that needs no policy. */
  #align(name: string): void {
    const aspired: Aspired<S> = this.#aspired.get(name) ?? new Map()
    for (const harness of this.#basic.harnessesOf(name)) {
      const wanted = aspired.get(harness.id.version)
      if (wanted === undefined || this.#isRetryDue(harness, wanted)) this.#letGo(harness)
      else if (wanted.content !== this.#contents.get(harness)) this.#renew(harness, wanted)
    }
    const managed = new Set(this.#basic.harnessesOf(name).map((harness) => harness.id.version))
    for (const [version, wanted] of aspired) if (!managed.has(version)) this.#manage(wanted)
  }

  #manage(wanted: ServableData<LoaderFactory<S>>): void {
    const { id, content } = wanted
    const error = 'error' in wanted ? wanted.error : this.#displacements.reason(id)
    const refuse = () => {
      throw error ?? draining()
    }
    const create = error === undefined && 'data' in wanted ? wanted.data : refuse
    const harness = this.#basic.manage(id, create)
    this.#contents.set(harness, content)
    if (error === undefined) return
    if ('error' in wanted) this.#withoutData.add(harness)
    harness.fail(error)
  }

  /** The id stands for other content now: takes its place without a gap, or after it where the policy puts memory first. */
  #renew(harness: LoaderHarness<S>, wanted: ServableData<LoaderFactory<S>>): void {
    if (harness.state !== 'ready') {
      this.#letGo(harness)
      return
    }
    if ('error' in wanted || this.#basic.isBeingReplaced(harness)) return
    const failedAtMs = this.#replaceFailedAtMs.get(harness)
    const { clock, errorRetryMs } = this.#options
    if (failedAtMs !== undefined && clock.monotonicMs() - failedAtMs < errorRetryMs) return
    this.#track(harness.id.name, this.#replace(harness, wanted.data, wanted.content))
  }

  async #replace(
    harness: LoaderHarness<S>,
    create: LoaderFactory<S>,
    content: string | undefined,
  ): Promise<void> {
    const { drainTimeoutMs, clock, policy } = this.#options
    const onReplaced = (next: LoaderHarness<S>) => void this.#contents.set(next, content)
    const failure = await this.#basic.replace(harness.id, create, { drainTimeoutMs, onReplaced })
    if (failure === undefined) return
    this.#replaceFailedAtMs.set(harness, clock.monotonicMs())
    const darken = policy.mayDarken && refusedBytes(failure) !== undefined && harness.state === 'ready'
    if (darken && !this.#closed) await this.#basic.unload(harness.id, drainTimeoutMs)
  }

  /** Ends a version that never was available; one that is, is left to the policy. */
  #letGo(harness: LoaderHarness<S>): void {
    switch (harness.state) {
      case 'new':
      case 'error':
        this.#basic.forget(harness.id)
        break
      case 'loadRequested':
      case 'loadApproved':
      case 'loading':
      case 'warming':
        harness.cancelLoad()
        break
      default:
    }
  }

  #isRetryDue(harness: LoaderHarness<S>, wanted: ServableData<LoaderFactory<S>>): boolean {
    if (harness.state !== 'error' || harness.error === undefined || !('data' in wanted)) return false
    if (this.#displacements.has(harness.id)) {
      return this.#displacements.mayReturn(harness.id, (id) => this.#aspiredHarness(id))
    }
    if (this.#withoutData.has(harness)) return true
    const bytes = refusedBytes(harness.error)
    if (bytes !== undefined && bytes <= this.#basic.memory.attainableBytes) return true
    const failedAtMs = this.#failedAtMs.get(harness)
    if (failedAtMs === undefined || !mayPass(harness.error)) return false
    return this.#options.clock.monotonicMs() - failedAtMs >= this.#options.errorRetryMs
  }

  #aspiredHarness({ name, version }: ServableId): LoaderHarness<S> | undefined {
    if (!this.#aspired.get(name)?.has(version)) return undefined
    return this.#basic.harnessesOf(name).find((harness) => harness.id.version === version)
  }

  /** Those that were refused look again; one that waits for its next attempt tries now. */
  #memoryFreed(): void {
    const { attainableBytes } = this.#basic.memory
    for (const name of this.#hungry) {
      for (const harness of this.#basic.harnessesOf(name)) {
        const bytes = refusedBytes(harness.error)
        if (harness.state === 'loadRequested' && bytes !== undefined && bytes <= attainableBytes)
          harness.retryNow()
      }
      this.touch(name)
    }
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
    if (harness?.state === 'error') this.#failedAtMs.set(harness, this.#options.clock.monotonicMs())
  }

  #track(name: string, action: Promise<void>): void {
    const tracked = action.finally(() => {
      this.#running.delete(tracked)
      this.touch(name)
    })
    this.#running.add(tracked)
  }
}

function draining(): PlatformError {
  return new PlatformError('serving.draining', 'This node is stopping and takes no new requests.')
}
