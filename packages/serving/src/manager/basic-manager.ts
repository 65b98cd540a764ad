import { type Clock, PlatformError, versionName } from '@understudy/core'
import type { ServableHandle, ServableId, ServableRequest, ServableStateEvent } from '../servable.ts'
import type { EventBus } from './event-bus.ts'
import { toServableState } from './harness-state.ts'
import { Limiter } from './limiter.ts'
import type { LoadRetry } from './load-retry.ts'
import { type LoaderFactory, LoaderHarness } from './loader-harness.ts'
import type { LabelMap, ResolvedServable } from './manager.ts'
import { resolveRequest } from './resolve-request.ts'
import type { ResourceTracker } from './resource-tracker.ts'
import { type LabelSet, type ServingMap, withLabels, withoutVersion, withVersion } from './serving-map.ts'

export interface BasicManagerOptions {
  readonly clock: Clock
  readonly bus: EventBus<ServableStateEvent>
  readonly tracker: ResourceTracker
  readonly loadConcurrency: number
  readonly retry: LoadRetry
  readonly onUnloadError: (error: PlatformError) => void
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
  readonly #harnesses = new Map<string, Map<number, LoaderHarness<S>>>()
  #servingMap: ServingMap<S> = new Map()

  constructor(options: BasicManagerOptions) {
    this.#options = options
    this.#slots = new Limiter(options.loadConcurrency)
  }

  /** Starts to look after a version; nothing is loaded yet. */
  manage(id: ServableId, createLoader: LoaderFactory<S>): LoaderHarness<S> {
    const { clock, retry, tracker, onUnloadError } = this.#options
    const onState = (changed: LoaderHarness<S>) => this.#stateChanged(changed)
    const harness = new LoaderHarness({
      ...{ id, createLoader, clock, retry, tracker, onUnloadError, onState },
      slots: this.#slots,
    })
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
    harness.requestUnload()
    this.#servingMap = withoutVersion(this.#servingMap, harness)
    await harness.quiesce(drainTimeoutMs)
    await harness.unload()
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
    this.#servingMap = withLabels(this.#servingMap, name, labelSet)
  }

  /** Forgets the labels of a model that left the plan. */
  dropLabels(name: string): void {
    this.#servingMap = withLabels(this.#servingMap, name, undefined)
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

  #stateChanged(harness: LoaderHarness<S>): void {
    if (harness.state === 'ready') this.#servingMap = withVersion(this.#servingMap, harness)
    if (harness.state === 'disabled') this.#remove(harness)
    this.#publish(harness)
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
