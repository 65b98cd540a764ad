import { type MirrorPlan, type PlannedVersion, type PlatformError, toPlatformError } from '@understudy/core'
import { AspiredVersionsManager } from '../manager/aspired-versions-manager.ts'
import { BasicManager } from '../manager/basic-manager.ts'
import { EventBus } from '../manager/event-bus.ts'
import { Limiter } from '../manager/limiter.ts'
import { type LentMemory, ResourceTracker } from '../manager/resource-tracker.ts'
import { ServableStateMonitor } from '../manager/servable-state-monitor.ts'
import { LoopLoad } from '../mirror/loop-load.ts'
import { MirrorDispatcher } from '../mirror/mirror-dispatcher.ts'
import { containedObserver, type ServingObserver } from '../observer.ts'
import { PlanApplier } from '../plan/plan-applier.ts'
import { ServingPlanSource } from '../plan/serving-plan-source.ts'
import type { LoadedVersion } from '../predict/loaded-version.ts'
import { NodePredictor } from '../predict/node-predictor.ts'
import { PairRouter } from '../predict/pair-router.ts'
import { RequestKeeping } from '../predict/request-keeping.ts'
import { ServedByVersions } from '../predict/served-by-versions.ts'
import { RefusedInputsByDigest } from '../predict/suspect/refused-inputs-by-digest.ts'
import type { Predictor } from '../predictor.ts'
import type { ReplayedRequest, ReplayOutcome } from '../request-keepers.ts'
import type { ServableData, ServableId, ServableStateEvent } from '../servable.ts'
import { CapturedInputs } from './captured-inputs.ts'
import { ChangeNotice } from './change-notice.ts'
import { ManagerSteps } from './manager-steps.ts'
import { PlanIndex } from './plan-index.ts'
import { Readiness } from './readiness.ts'
import { type ServableStatus, servableStatus, type VersionLoad } from './servable-status.ts'
import {
  DEFAULT_SERVING_NODE_SETTINGS,
  type ServingNodePorts,
  type ServingNodeSettings,
} from './serving-node-options.ts'
import { VersionFactory } from './version-factory.ts'
import { VersionRoles } from './version-roles.ts'

/** The data plane of one node: everything from the plan to the answer. The composition of this package. */
export class ServingNodeCore {
  readonly predictor: Predictor
  readonly #ports: ServingNodePorts
  readonly #settings: ServingNodeSettings
  readonly #observer: ServingObserver
  readonly #monitor: ServableStateMonitor
  readonly #manager: AspiredVersionsManager<LoadedVersion>
  readonly #mirror: MirrorDispatcher
  readonly #servedBy = new ServedByVersions()
  readonly #pairs: PairRouter
  readonly #applier: PlanApplier
  readonly #roles: VersionRoles
  readonly #steps: ManagerSteps
  readonly #source: ServingPlanSource
  readonly #index: PlanIndex
  readonly #captured: CapturedInputs
  readonly #tracker: ResourceTracker
  readonly #factory: VersionFactory
  readonly #readiness: Readiness
  readonly #changes: ChangeNotice
  readonly #refused: RefusedInputsByDigest
  readonly #stop = new AbortController()

  constructor(
    ports: ServingNodePorts,
    settings: Partial<ServingNodeSettings> & Pick<ServingNodeSettings, 'memoryLimitBytes'>,
  ) {
    this.#ports = ports
    this.#settings = { ...DEFAULT_SERVING_NODE_SETTINGS, ...settings }
    this.#index = new PlanIndex(ports.overrides)
    this.#observer = containedObserver(ports.observer)
    const onListenerError = (error: unknown) => this.#observer.troubled(toPlatformError(error))
    const bus = new EventBus<ServableStateEvent>(onListenerError)
    this.#changes = new ChangeNotice(onListenerError)
    this.#refused = new RefusedInputsByDigest(ports.clock)
    this.#captured = new CapturedInputs(ports.clock)
    this.#tracker = new ResourceTracker(this.#settings.memoryLimitBytes)
    this.#monitor = new ServableStateMonitor(bus)
    this.#readiness = new Readiness((id) => this.#isSettled(id))
    this.#manager = this.#createManager(bus)
    this.#roles = new VersionRoles({ manager: this.#manager, index: this.#index, captured: this.#captured })
    this.#steps = this.#createSteps()
    this.#mirror = this.#createMirror()
    this.#pairs = this.#createPairs()
    this.#factory = this.#createFactory()
    this.#applier = this.#createApplier()
    this.#source = this.#createSource()
    this.predictor = this.#createPredictor()
    bus.subscribe((event) => this.#stateChanged(event))
    ports.overrides?.onChange((model) => this.#overridden(model))
  }

  /** Starts from the kept plan, then follows the reader until {@link close}. */
  start(): void {
    const emit = (name: string, versions: readonly ServableData<PlannedVersion>[]) =>
      this.#manager.aspire(
        name,
        versions.map((version) => this.#factory.toFactory(version)),
      )
    this.#source.start(emit, this.#stop.signal)
    void this.#steps.tick(this.#settings.tickMs, this.#stop.signal)
  }

  /** Generation of the labels in effect for a model; undefined before the first. */
  observedGeneration(model: string): number | undefined {
    return this.#manager.labelsOf(model)?.generation
  }

  /** The labels in effect for a model; undefined before the first. */
  labelsOf(model: string): ReadonlyMap<string, number> | undefined {
    return this.#manager.labelsOf(model)?.labels
  }

  /** Every version this node works on, with the digest of the bytes it took. */
  servableStatuses(): readonly ServableStatus[] {
    const digestOf = (id: ServableId) =>
      this.#manager.loadedAs(id)?.planned.digest ?? this.#factory.digestOf(id)
    return this.#monitor.all().map((event) => servableStatus(event, digestOf))
  }

  /** Requests that wait and that run, of every version that takes any. Looked up as it is read: nothing is counted on the way. */
  *requestLoads(): Generator<VersionLoad> {
    for (const { id } of this.#monitor.all()) {
      const load = this.#manager.loadedAs(id)?.batcher.load
      if (load !== undefined) yield { model: id.name, version: id.version, ...load }
    }
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

  /** The memory of this node's models, for what else holds models. Reservations with a tenant only. */
  get lentMemory(): LentMemory {
    return this.#tracker
  }

  /** Reads the plan now. Never rejects. */
  refresh(): Promise<void> {
    return this.#source.refresh()
  }

  /**
   * Runs a request of earlier through both versions that this plan mirrors, while no client waits for the model. Resolves when its pair
   * went to the sink, or never will; never rejects. Requests wait for each other.
   */
  replay(mirror: MirrorPlan, request: ReplayedRequest): Promise<ReplayOutcome> {
    return this.#mirror.replay(mirror, request)
  }

  /** Takes no new requests, lets those it has end within `drainTimeoutMs`, then unloads everything. Waits for no loader for ever. */
  async close(options: { readonly drainTimeoutMs: number }): Promise<void> {
    this.#stop.abort()
    this.#mirror.close()
    await this.#manager.close(options)
    this.#pairs.close()
  }

  #createManager(bus: EventBus<ServableStateEvent>): AspiredVersionsManager<LoadedVersion> {
    const { clock } = this.#ports
    const { loadConcurrency, retry, policy, drainTimeoutMs, errorRetryMs } = this.#settings
    const onUnloadError = (error: PlatformError) => this.#observer.troubled(error)
    const contextOf = (id: ServableId) => this.#roles.contextOf(id)
    const basic = new BasicManager<LoadedVersion>({
      ...{ clock, bus, tracker: this.#tracker, loadConcurrency, retry, onUnloadError, contextOf },
    })
    const onWork = () => this.#steps.queue()
    const placeOf = (id: ServableId) => this.#roles.placeOf(id)
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
        ...{ clock, router: this.#pairs, observer: this.#observer, refused: this.#refused },
        captured: this.#captured,
        acquire: (wanted) => this.#manager.acquire(wanted),
      },
      contextOf: (id) => this.#roles.contextOf(id),
      isServed: (model) => this.#manager.labelsOf(model) !== undefined,
      onTrouble: (id, error) => this.#manager.reportTrouble(id, error),
      onUnloadError: (error) => this.#observer.troubled(error),
    })
  }

  #createSteps(): ManagerSteps {
    return new ManagerSteps({
      ...{ manager: this.#manager, clock: this.#ports.clock },
      onTick: (name) => {
        this.#applier.moveLabels([name])
        this.#roles.tell(name)
      },
      onTrouble: (error) => this.#observer.troubled(error),
    })
  }

  #createMirror(): MirrorDispatcher {
    const { mirrorSink, clock, random } = this.#ports
    const loop = new LoopLoad(clock)
    return new MirrorDispatcher({
      ...{ sink: mirrorSink, clock, random, observer: this.#observer, limits: this.#settings.mirrorLimits },
      acquire: (id) => this.#manager.acquire(id),
      isAvailable: (id) => this.#manager.isAvailable(id),
      liveLoadOf: (id) => this.#manager.loadedAs(id)?.batcher.load,
      planAgeMs: () => this.#source.planAgeMs(),
      loopBusyShare: this.#ports.loopBusyShare ?? (() => loop.busyShare),
    })
  }

  #createPairs(): PairRouter {
    return new PairRouter({
      ...{ mirror: this.#mirror, servedBy: this.#servedBy, clock: this.#ports.clock },
      loadedAs: (id) => this.#manager.loadedAs(id),
      generationOf: (model) => this.observedGeneration(model),
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
    const { reader, store, clock, onKeys } = this.#ports
    const { pollIntervalMs, readTimeoutMs, currentForMs } = this.#settings
    return new ServingPlanSource({
      ...{ reader, store, clock, onKeys, pollIntervalMs, readTimeoutMs, currentForMs },
      onTrouble: (error) => this.#observer.troubled(error),
      onPlan: (plan) => {
        this.#index.replace(plan)
        this.#readiness.expect(this.#index.liveVersions())
      },
      onApplied: (names) => {
        this.#applier.apply(names)
        for (const name of names) {
          this.#roles.tell(name)
          if (this.#index.planOf(name) === undefined) this.#captured.forget(name)
        }
        this.#changes.tell()
      },
    })
  }

  #createPredictor(): Predictor {
    const { clock, capture, answers, random } = this.#ports
    return new NodePredictor({
      resolve: (request) => this.#manager.resolve(request),
      generationOf: (model) => this.observedGeneration(model),
      overrideOf: (model, version) => this.#index.overrideOf(model, version),
      plan: {
        models: () => this.#index.models(),
        planOf: (model) => this.#index.planOf(model),
        versionsOf: (model) => this.#index.versionsOf(model),
        planned: (model, version) => this.#index.planned(model, version),
        planAgeMs: () => this.#source.planAgeMs(),
        refresh: () => this.refresh(),
      },
      ...{ monitor: this.#monitor, clock, pairs: this.#pairs, servedBy: this.#servedBy },
      keeping: new RequestKeeping({
        ...{ capture, answers, random },
        onTrouble: (error) => this.#observer.troubled(error),
      }),
    })
  }

  /** Labels, mirror and roles of the model in one synchronous step, as a new plan would move them. */
  #overridden(model: string): void {
    if (!this.#index.override(model)) return
    this.#applier.apply([model])
    this.#roles.tell(model)
    this.#changes.tell()
  }

  #stateChanged({ id, state, error }: ServableStateEvent): void {
    if (state === 'end') this.#factory.forget(id)
    if (state === 'available' || state === 'error') {
      this.#applier.moveLabels([id.name])
      this.#roles.tell(id.name)
      this.#readiness.settle(id)
    }
    // Refused for now: the policy may make room.
    if (state === 'start' && error !== undefined) this.#manager.touch(id.name)
    this.#changes.tell()
  }

  #isSettled(id: ServableId): boolean {
    return this.#manager.isAvailable(id) || this.#monitor.stateOf(id)?.state === 'error'
  }
}
