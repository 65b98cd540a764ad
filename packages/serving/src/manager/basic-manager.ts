import { type Clock, PlatformError, versionName } from '@understudy/core'
import type {
  LoadContext,
  ServableHandle,
  ServableId,
  ServableRequest,
  ServableStateEvent,
} from '../servable.ts'
import type { EventBus } from './event-bus.ts'
import { toServableState } from './harness-state.ts'
import { Limiter } from './limiter.ts'
import type { LoadRetry } from './load-retry.ts'
import { type LoaderFactory, LoaderHarness } from './loader-harness.ts'
import type { LabelMap, ResolvedServable } from './manager.ts'
import { resolveRequest } from './resolve-request.ts'
import { type ResourceTracker, refusedBytes } from './resource-tracker.ts'
import { type LabelSet, ServingMap } from './serving-map.ts'

export interface BasicManagerOptions {
  readonly clock: Clock
  readonly bus: EventBus<ServableStateEvent>
  readonly tracker: ResourceTracker
  readonly loadConcurrency: number
  readonly retry: LoadRetry
  readonly onUnloadError: (error: PlatformError) => void
  /** What a load is told besides. @defaultValue role `idle` */
  readonly contextOf?: ((id: ServableId) => Omit<LoadContext, 'id' | 'signal'>) | undefined
}

/**
 * Executes: loads and unloads the versions it is told to, counts their users, publishes what became true. Decides nothing.
 *
 * `available` is published after the serving map has the version, `unloading` before the map loses it.
 *
 * @see TensorFlow Serving, core/basic_manager.h
 */
export class BasicManager<S> {
  readonly #options: BasicManagerOptions
  readonly #slots: Limiter
  #onRefused: (id: ServableId) => void = () => {}
  readonly #harnesses = new Map<string, Map<number, LoaderHarness<S>>>()
  readonly #successors = new Map<LoaderHarness<S>, LoaderHarness<S>>()
  readonly #servingMap = new ServingMap<S>()

  constructor(options: BasicManagerOptions) {
    this.#options = options
    this.#slots = new Limiter(options.loadConcurrency)
  }

  /** Starts to look after a version; nothing is loaded yet. */
  manage(id: ServableId, createLoader: LoaderFactory<S>): LoaderHarness<S> {
    const harness = this.#createHarness(id, createLoader)
    const versions = this.#harnesses.get(id.name) ?? new Map<number, LoaderHarness<S>>()
    this.#harnesses.set(id.name, versions.set(id.version, harness))
    this.#publish(harness)
    return harness
  }

  /** Loads and warms up; the version takes requests when the promise settles without an error in its state. */
  load(id: ServableId): Promise<void> {
    return this.#harness(id).load()
  }

  /** Takes the version out of the map at once, then waits for its users and unloads it. */
  async unload(id: ServableId, drainTimeoutMs: number): Promise<void> {
    const harness = this.#harness(id)
    this.#successors.get(harness)?.cancelLoad()
    harness.requestUnload()
    this.#servingMap.removeVersion(harness)
    await harness.quiesce(drainTimeoutMs)
    await harness.unload()
  }

  /**
   * Loads other content under the id of a version that serves, and puts it into its place by one assignment: the model is never dark. Only
   * then the old one is drained and unloaded. Returns what stood in the way; the old one then serves on, and says so in its status.
   */
  async replace(
    id: ServableId,
    createLoader: LoaderFactory<S>,
    options: { readonly drainTimeoutMs: number; readonly onReplaced: (next: LoaderHarness<S>) => void },
  ): Promise<PlatformError | undefined> {
    const old = this.#harness(id)
    const next = this.#createHarness(id, createLoader)
    this.#successors.set(old, next)
    await next.load()
    this.#successors.delete(old)
    if (next.state !== 'ready') {
      if (next.error !== undefined && this.#isCurrent(old)) this.reportTrouble(id, next.error)
      return next.error
    }
    const inPlace = this.#isCurrent(old) && old.state === 'ready'
    const leaving = inPlace ? old : next
    if (inPlace) {
      this.#harnesses.get(id.name)?.set(id.version, next)
      this.#servingMap.addVersion(next)
      options.onReplaced(next)
      this.#publish(next)
    }
    leaving.requestUnload()
    await leaving.quiesce(options.drainTimeoutMs)
    await leaving.unload()
    return undefined
  }

  /** Publishes what is wrong with an available version, or that nothing is any more. */
  reportTrouble(id: ServableId, error: PlatformError | undefined): void {
    if (this.isAvailable(id)) this.#publishState(id, 'available', error)
  }

  isBeingReplaced(harness: LoaderHarness<S>): boolean {
    return this.#successors.has(harness)
  }

  /** Versions that are available, with what was loaded. */
  loadedOf(name: string): readonly { readonly id: ServableId; readonly servable: S }[] {
    const harnesses = [...(this.#servingMap.get(name)?.versions.values() ?? [])]
    return harnesses.flatMap(({ id, servable }) => (servable === undefined ? [] : [{ id, servable }]))
  }

  /** What an available version was loaded as. */
  loadedAs({ name, version }: ServableId): S | undefined {
    return this.#servingMap.get(name)?.versions.get(version)?.servable
  }

  get memory(): ResourceTracker {
    return this.#options.tracker
  }

  /** Calls the listener with every version that is refused for want of memory. */
  onRefused(listener: (id: ServableId) => void): void {
    this.#onRefused = listener
  }

  /** Forgets a version that was never loaded, or that failed. */
  forget(id: ServableId): void {
    const harness = this.#harness(id)
    if (harness.state === 'new') {
      harness.disable()
      return
    }
    if (harness.state !== 'error') throw this.#busy(harness)
    this.#remove(harness)
    this.#publishState(harness.id, 'end')
  }

  harnessesOf(name: string): readonly LoaderHarness<S>[] {
    return [...(this.#harnesses.get(name)?.values() ?? [])]
  }

  names(): readonly string[] {
    return [...this.#harnesses.keys()]
  }

  acquire(request: ServableRequest): ServableHandle<S> {
    return this.#find(request).acquire()
  }

  /** Same rules as {@link acquire} without counting. */
  resolve(request: ServableRequest): ResolvedServable<S> {
    const harness = this.#find(request)
    const { servable, id } = harness
    if (servable === undefined) throw this.#busy(harness)
    return { id, servable, generation: this.labelsOf(request.name)?.generation }
  }

  isAvailable(id: ServableId): boolean {
    return this.#servingMap.get(id.name)?.versions.has(id.version) ?? false
  }

  listAvailable(): readonly ServableId[] {
    return [...this.#servingMap.values()].flatMap((model) => [...model.versions.values()].map(({ id }) => id))
  }

  labelsOf(name: string): LabelSet | undefined {
    return this.#servingMap.get(name)?.labelSet
  }

  setLabels(name: string, labels: LabelMap, generation: number): void {
    const current = this.labelsOf(name)
    if (current !== undefined && generation < current.generation) {
      throw new PlatformError(
        'serving.stale_generation',
        `Labels of "${name}" are at generation ${current.generation}; generation ${generation} came too late.`,
      )
    }
    for (const [label, version] of Object.entries(labels)) {
      if (this.isAvailable({ name, version })) continue
      throw new PlatformError(
        'serving.version_not_available',
        `Label "${label}" cannot point to ${versionName(name, version)}: it is not available here.`,
      )
    }
    const labelSet = { labels: new Map(Object.entries(labels)), generation }
    this.#servingMap.setLabels(name, labelSet)
  }

  /** Forgets the labels of a model that left the plan. */
  dropLabels(name: string): void {
    this.#servingMap.setLabels(name, undefined)
  }

  #find(request: ServableRequest): LoaderHarness<S> {
    return resolveRequest(request, this.#servingMap.get(request.name), this.#harnesses.get(request.name))
  }

  #harness(id: ServableId): LoaderHarness<S> {
    const harness = this.#harnesses.get(id.name)?.get(id.version)
    if (harness !== undefined) return harness
    const name = versionName(id.name, id.version)
    throw new PlatformError('serving.invalid_transition', `${name} is not managed here.`)
  }

  #createHarness(id: ServableId, createLoader: LoaderFactory<S>): LoaderHarness<S> {
    const { clock, retry, tracker, onUnloadError, contextOf = () => ({ role: 'idle' }) } = this.#options
    const onState = (changed: LoaderHarness<S>) => this.#stateChanged(changed)
    return new LoaderHarness({
      ...{ id, createLoader, clock, retry, tracker, contextOf, onUnloadError, onState },
      slots: this.#slots,
    })
  }

  #isCurrent(harness: LoaderHarness<S>): boolean {
    return this.#harnesses.get(harness.id.name)?.get(harness.id.version) === harness
  }

  #stateChanged(harness: LoaderHarness<S>): void {
    // One that is still to take a place, or has lost it, is nobody's business.
    if (!this.#isCurrent(harness)) return
    if (harness.state === 'ready') this.#servingMap.addVersion(harness)
    if (harness.state === 'disabled') this.#remove(harness)
    this.#publish(harness)
    const isWaiting = harness.state === 'loadRequested' || harness.state === 'error'
    if (isWaiting && refusedBytes(harness.error) !== undefined) this.#onRefused(harness.id)
  }

  #remove(harness: LoaderHarness<S>): void {
    const { name, version } = harness.id
    const versions = this.#harnesses.get(name)
    versions?.delete(version)
    if (versions?.size === 0) this.#harnesses.delete(name)
  }

  #publish(harness: LoaderHarness<S>): void {
    this.#publishState(harness.id, toServableState(harness.state), harness.error)
  }

  #publishState(id: ServableId, state: ServableStateEvent['state'], error?: PlatformError): void {
    this.#options.bus.publish({ id, state, error, at: this.#options.clock.now() })
  }

  #busy(harness: LoaderHarness<S>): PlatformError {
    const name = versionName(harness.id.name, harness.id.version)
    return new PlatformError('serving.invalid_transition', `${name} is busy: ${harness.state}.`)
  }
}
