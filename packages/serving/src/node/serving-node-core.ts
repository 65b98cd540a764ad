import {
  type PlannedVersion,
  type PlatformError,
  type ServableState,
  toPlatformError,
} from '@understudy/core'
import { AspiredVersionsManager } from '../manager/aspired-versions-manager.ts'
import { BasicManager } from '../manager/basic-manager.ts'
import { EventBus } from '../manager/event-bus.ts'
import { Limiter } from '../manager/limiter.ts'
import { ResourceTracker } from '../manager/resource-tracker.ts'
import { ServableStateMonitor } from '../manager/servable-state-monitor.ts'
import { MirrorDispatcher } from '../mirror/mirror-dispatcher.ts'
import { containedObserver, type ServingObserver } from '../observer.ts'
import { PlanApplier } from '../plan/plan-applier.ts'
import { ServingPlanSource } from '../plan/serving-plan-source.ts'
import type { LoadedVersion } from '../predict/loaded-version.ts'
import { NodePredictor } from '../predict/node-predictor.ts'
import { RefusedInputsByDigest } from '../predict/suspect/refused-inputs-by-digest.ts'
import type { Predictor } from '../predictor.ts'
import type { LoadContext, ServableData, ServableId, ServableStateEvent } from '../servable.ts'
import { forEachInSlices } from '../slices.ts'
import { CapturedInputs } from './captured-inputs.ts'
import { decideRole } from './decide-role.ts'
import { PlanIndex } from './plan-index.ts'
import { Readiness } from './readiness.ts'
import {
  DEFAULT_SERVING_NODE_SETTINGS,
  type ServingNodePorts,
  type ServingNodeSettings,
} from './serving-node-options.ts'
import { VersionFactory } from './version-factory.ts'

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
  readonly #captured: CapturedInputs
  readonly #tracker: ResourceTracker
  readonly #factory: VersionFactory
  readonly #readiness: Readiness
  readonly #changes: EventBus<void>
  readonly #refused: RefusedInputsByDigest
  readonly #stop = new AbortController()
  #stepQueued = false
  #changeQueued = false

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
    this.#refused = new RefusedInputsByDigest(ports.clock)
    this.#captured = new CapturedInputs(ports.clock)
    this.#tracker = new ResourceTracker(this.#settings.memoryLimitBytes)
    this.#monitor = new ServableStateMonitor(bus)
    this.#readiness = new Readiness((id) => this.#isSettled(id))
    this.#manager = this.#createManager(bus)
    this.#mirror = this.#createMirror()
    this.#factory = this.#createFactory()
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
        versions.map((version) => this.#factory.toFactory(version)),
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
      digest: this.#manager.loadedAs(id)?.planned.digest ?? this.#factory.digestOf(id) ?? '',
    }))
  }

  /** Calls the listener once per tick in which a status, a label or the plan changed. Returns the function that ends it. */
  onChange(listener: () => void): () => void {
    return this.#changes.subscribe(listener)
  }

  /**
   * True once the node holds a plan and every live version in it is available (on demand counts), or in `error` after its attempts. Taken
   * back only by {@link close}.
   */
  isReady(): boolean {
    return this.#readiness.isReady && !this.#stop.signal.aborted
  }

  /** Reads the plan now. Never rejects. */
  refresh(): Promise<void> {
    return this.#source.refresh()
  }

  /** Takes no new requests, lets those it has end within `drainTimeoutMs`, then unloads everything. Waits for no loader for ever. */
  async close(options: { readonly drainTimeoutMs: number }): Promise<void> {
    this.#stop.abort()
    this.#mirror.close()
    await this.#manager.close(options)
  }

  #createManager(bus: EventBus<ServableStateEvent>): AspiredVersionsManager<LoadedVersion> {
    const { clock } = this.#ports
    const { loadConcurrency, retry, policy, drainTimeoutMs, errorRetryMs } = this.#settings
    const onUnloadError = (error: PlatformError) => this.#observer.troubled(error)
    const contextOf = (id: ServableId) => this.#contextOf(id)
    const basic = new BasicManager<LoadedVersion>({
      ...{ clock, bus, tracker: this.#tracker, loadConcurrency, retry, onUnloadError, contextOf },
    })
    const onWork = () => this.#queueStep()
    const placeOf = ({ name, version }: ServableId) => {
      const plan = this.#index.planOf(name)
      const decided = decideRole(version, plan, basic.labelsOf(name))
      // Before it is mirrored it may be one that goes live at once, which may take the memory of what it replaces.
      const isMirrored = plan?.mirror?.candidate === version
      const role = decided === 'rollout' && !isMirrored ? 'idle' : decided
      return { role, promised: Object.values(plan?.labels ?? {}).includes(version) }
    }
    return new AspiredVersionsManager({
      ...{ basic, policy, clock, drainTimeoutMs, errorRetryMs, onWork, placeOf },
    })
  }

  #createFactory(): VersionFactory {
    const { clock, adapter } = this.#ports
    const { retry, loadConcurrency } = this.#settings
    return new VersionFactory({
      ...{ adapter, clock, retry, tracker: this.#tracker, slots: new Limiter(loadConcurrency) },
      loaded: {
        ...{ clock, mirror: this.#mirror, observer: this.#observer, refused: this.#refused },
        captured: this.#captured,
        acquire: (wanted) => this.#manager.acquire(wanted),
      },
      contextOf: (id) => this.#contextOf(id),
      isServed: (model) => this.#manager.labelsOf(model) !== undefined,
      onTrouble: (id, error) => this.#manager.reportTrouble(id, error),
      onUnloadError: (error) => this.#observer.troubled(error),
    })
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
      ...{ clock, observer: this.#observer, planOf: (model) => this.#index.planOf(model) },
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
        this.#readiness.expect(this.#index.liveVersions())
      },
      onApplied: (names) => {
        this.#applier.apply(names)
        for (const name of names) {
          this.#tellRoles(name)
          if (this.#index.planOf(name) === undefined) this.#captured.forget(name)
        }
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
        has: (model) => this.#index.has(model),
        versionsOf: (model) => this.#index.versionsOf(model),
        planAgeMs: () => this.#source.planAgeMs(),
        refresh: () => this.refresh(),
      },
      ...{ monitor: this.#monitor, clock: this.#ports.clock },
    })
  }

  #contextOf({ name, version }: ServableId): Omit<LoadContext, 'id' | 'signal'> {
    const role = decideRole(version, this.#index.planOf(name), this.#manager.labelsOf(name))
    const planned = this.#index.planned({ name, version })
    return { role, warmUpInputs: planned && this.#captured.of(name, planned.signature) }
  }

  #stateChanged({ id, state, error }: ServableStateEvent): void {
    if (state === 'end') this.#factory.forget(id)
    if (state === 'available' || state === 'error') {
      this.#applier.moveLabels([id.name])
      this.#tellRoles(id.name)
      this.#readiness.settle(id)
    }
    // Refused for now: the policy may make room.
    if (state === 'start' && error !== undefined) this.#manager.touch(id.name)
    this.#changed()
  }

  /** After whatever may have changed what the versions of a model are for: the plan, the labels in effect, what is loaded. */
  #tellRoles(name: string): void {
    const plan = this.#index.planOf(name)
    const inEffect = this.#manager.labelsOf(name)
    for (const { id, servable } of this.#manager.loadedOf(name)) {
      servable.assume(decideRole(id.version, plan, inEffect))
    }
  }

  #queueStep(): void {
    if (this.#stepQueued) return
    this.#stepQueued = true
    queueMicrotask(() => void this.#step())
  }

  /** Never rejects. */
  async #step(): Promise<void> {
    try {
      for (
        let touched = this.#manager.takeTouched();
        touched.length > 0;
        touched = this.#manager.takeTouched()
      ) {
        await forEachInSlices(touched, this.#ports.clock, (name) => this.#manager.reconcile(name))
      }
    } catch (error) {
      this.#observer.troubled(toPlatformError(error))
    } finally {
      this.#stepQueued = false
    }
  }

  #changed(): void {
    if (this.#changeQueued) return
    this.#changeQueued = true
    queueMicrotask(() => {
      this.#changeQueued = false
      this.#changes.publish()
    })
  }

  #isSettled(id: ServableId): boolean {
    return this.#manager.isAvailable(id) || this.#monitor.stateOf(id)?.state === 'error'
  }

  /** The safety net: looks at every model, whether or not something happened to it. */
  async #tick(): Promise<void> {
    const { signal } = this.#stop
    const { clock } = this.#ports
    while (!signal.aborted) {
      await clock.sleep(this.#settings.tickMs, signal)
      await forEachInSlices(this.#manager.names(), clock, (name) => {
        if (signal.aborted) return
        this.#applier.moveLabels([name])
        this.#tellRoles(name)
        this.#manager.touch(name)
      })
    }
  }
}
