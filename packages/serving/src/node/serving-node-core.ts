import {
  type PlannedVersion,
  type PlatformError,
  type ServableState,
  toPlatformError,
  versionName,
} from '@understudy/core'
import { AspiredVersionsManager } from '../manager/aspired-versions-manager.ts'
import { BasicManager } from '../manager/basic-manager.ts'
import { EventBus } from '../manager/event-bus.ts'
import type { LoaderFactory } from '../manager/loader-harness.ts'
import { ResourceTracker } from '../manager/resource-tracker.ts'
import { ServableStateMonitor } from '../manager/servable-state-monitor.ts'
import { MirrorDispatcher } from '../mirror/mirror-dispatcher.ts'
import { containedObserver, type ServingObserver } from '../observer.ts'
import { PlanApplier } from '../plan/plan-applier.ts'
import { ServingPlanSource } from '../plan/serving-plan-source.ts'
import type { LoadedVersion } from '../predict/loaded-version.ts'
import { NodePredictor } from '../predict/node-predictor.ts'
import { VersionLoader } from '../predict/version-loader.ts'
import type { Predictor } from '../predictor.ts'
import type { ServableData, ServableStateEvent } from '../servable.ts'
import { PlanIndex } from './plan-index.ts'
import {
  DEFAULT_SERVING_NODE_SETTINGS,
  type ServingNodePorts,
  type ServingNodeSettings,
} from './serving-node-options.ts'

/** What a node reports about one version. */
export interface ServableStatus {
  readonly model: string
  readonly version: number
  /** Of the bytes that this node took for the version. */
  readonly digest: string
  readonly state: ServableState
  readonly error?: PlatformError | undefined
}

/** The data plane of one node: everything from the plan to the answer. The composition of this package. */
export class ServingNodeCore {
  readonly predictor: Predictor
  readonly #ports: ServingNodePorts
  readonly #settings: ServingNodeSettings
  readonly #observer: ServingObserver
  readonly #monitor: ServableStateMonitor
  readonly #manager: AspiredVersionsManager<LoadedVersion>
  readonly #mirror: MirrorDispatcher
  readonly #applier: PlanApplier
  readonly #source: ServingPlanSource
  readonly #index = new PlanIndex()
  readonly #digests = new Map<string, string>()
  readonly #changes: EventBus<void>
  readonly #stop = new AbortController()
  #stepQueued = false
  #changeQueued = false
  #ready = false

  constructor(
    ports: ServingNodePorts,
    settings: Partial<ServingNodeSettings> & Pick<ServingNodeSettings, 'memoryLimitBytes'>,
  ) {
    this.#ports = ports
    this.#settings = { ...DEFAULT_SERVING_NODE_SETTINGS, ...settings }
    this.#observer = containedObserver(ports.observer)
    const onListenerError = (error: unknown) => this.#observer.troubled(toPlatformError(error))
    const bus = new EventBus<ServableStateEvent>(onListenerError)
    this.#changes = new EventBus(onListenerError)
    this.#monitor = new ServableStateMonitor(bus)
    this.#manager = this.#createManager(bus)
    this.#mirror = this.#createMirror()
    this.#applier = this.#createApplier()
    this.#source = this.#createSource()
    this.predictor = this.#createPredictor()
    bus.subscribe((event) => this.#stateChanged(event))
  }

  /** Starts from the kept plan, then follows the reader until {@link close}. */
  start(): void {
    const emit = (name: string, versions: readonly ServableData<PlannedVersion>[]) =>
      this.#manager.aspire(
        name,
        versions.map((version) => this.#toFactory(version)),
      )
    this.#source.start(emit, this.#stop.signal)
    void this.#tick()
  }

  /** Generation of the labels in effect for a model; undefined before the first. */
  observedGeneration(model: string): number | undefined {
    return this.#manager.labelsOf(model)?.generation
  }

  /** Every version this node works on, with the digest of the bytes it took. */
  servableStatuses(): readonly ServableStatus[] {
    return this.#monitor.all().map(({ id, state, error }) => ({
      ...{ model: id.name, version: id.version, state, error },
      digest: this.#digests.get(versionName(id.name, id.version)) ?? '',
    }))
  }

  /** Calls the listener once per tick in which a status, a label or the plan changed. Returns the function that ends it. */
  onChange(listener: () => void): () => void {
    return this.#changes.subscribe(listener)
  }

  /**
   * True once the node holds a plan and every live version in it is available, or in `error` after its attempts. Taken back only by
   * {@link close}.
   */
  isReady(): boolean {
    return this.#ready && !this.#stop.signal.aborted
  }

  /** Reads the plan now. Never rejects. */
  refresh(): Promise<void> {
    return this.#source.refresh()
  }

  /** Takes no new requests, lets those it has end within `drainTimeoutMs`, then unloads everything. */
  async close(options: { readonly drainTimeoutMs: number }): Promise<void> {
    this.#stop.abort()
    this.#mirror.close()
    await this.#manager.close(options)
  }

  #createManager(bus: EventBus<ServableStateEvent>): AspiredVersionsManager<LoadedVersion> {
    const { clock } = this.#ports
    const { memoryLimitBytes, loadConcurrency, retry, policy, drainTimeoutMs, errorRetryMs } = this.#settings
    const tracker = new ResourceTracker(memoryLimitBytes)
    const onUnloadError = (error: PlatformError) => this.#observer.troubled(error)
    const basic = new BasicManager<LoadedVersion>({
      ...{ clock, bus, tracker, loadConcurrency, retry, onUnloadError },
    })
    const onWork = () => this.#queueStep()
    return new AspiredVersionsManager({ basic, policy, clock, drainTimeoutMs, errorRetryMs, onWork })
  }

  #createMirror(): MirrorDispatcher {
    const { mirrorSink, clock, random } = this.#ports
    return new MirrorDispatcher({
      ...{ sink: mirrorSink, clock, random, observer: this.#observer, limits: this.#settings.mirrorLimits },
      acquire: (id) => this.#manager.acquire(id),
      isAvailable: (id) => this.#manager.isAvailable(id),
      planAgeMs: () => this.#source.planAgeMs(),
    })
  }

  #createApplier(): PlanApplier {
    const { clock } = this.#ports
    return new PlanApplier({
      ...{ manager: this.#manager, monitor: this.#monitor, mirror: this.#mirror },
      ...{ clock, observer: this.#observer },
    })
  }

  #createSource(): ServingPlanSource {
    const { reader, store, clock } = this.#ports
    const { pollIntervalMs, readTimeoutMs, currentForMs } = this.#settings
    return new ServingPlanSource({
      ...{ reader, store, clock, pollIntervalMs, readTimeoutMs, currentForMs },
      onTrouble: (error) => this.#observer.troubled(error),
      onPlan: (plan) => {
        this.#index.replace(plan)
        this.#applier.apply(plan)
        this.#changed()
      },
    })
  }

  #createPredictor(): Predictor {
    return new NodePredictor({
      resolve: (request) => this.#manager.resolve(request),
      generationOf: (model) => this.observedGeneration(model),
      plan: {
        models: () => this.#index.models(),
        versionsOf: (model) => this.#index.versionsOf(model),
        planAgeMs: () => this.#source.planAgeMs(),
        refresh: () => this.refresh(),
      },
      ...{ monitor: this.#monitor, clock: this.#ports.clock, observer: this.#observer },
    })
  }

  #toFactory(version: ServableData<PlannedVersion>): ServableData<LoaderFactory<LoadedVersion>> {
    if ('error' in version) return version
    const { id, data: planned } = version
    const { clock } = this.#ports
    const createLoader = () => {
      this.#digests.set(versionName(id.name, id.version), planned.digest)
      const adapted = this.#ports.adapter.adapt(version)
      if ('error' in adapted) throw adapted.error
      return new VersionLoader(
        { id, planned, loader: adapted.data },
        {
          ...{ clock, mirror: this.#mirror, observer: this.#observer },
          acquire: (wanted) => this.#manager.acquire(wanted),
        },
      )
    }
    return { id, data: createLoader }
  }

  #stateChanged({ id, state }: ServableStateEvent): void {
    if (state === 'end') this.#digests.delete(versionName(id.name, id.version))
    if (state === 'available' || state === 'error') this.#applier.moveLabels(id.name)
    this.#changed()
  }

  #queueStep(): void {
    if (this.#stepQueued) return
    this.#stepQueued = true
    queueMicrotask(() => {
      this.#stepQueued = false
      this.#manager.reconcileOnce().catch((error: unknown) => this.#observer.troubled(toPlatformError(error)))
    })
  }

  #changed(): void {
    this.#ready ||= this.#everyLiveVersionIsSettled()
    if (this.#changeQueued) return
    this.#changeQueued = true
    queueMicrotask(() => {
      this.#changeQueued = false
      this.#changes.publish()
    })
  }

  #everyLiveVersionIsSettled(): boolean {
    return (
      this.#index.holdsPlan &&
      this.#index
        .liveVersions()
        .every((id) => this.#manager.isAvailable(id) || this.#monitor.stateOf(id)?.state === 'error')
    )
  }

  async #tick(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      await this.#ports.clock.sleep(this.#settings.tickMs, signal)
      this.#applier.moveLabels()
      this.#queueStep()
    }
  }
}
