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
import { mayPass } from './load-retry.ts'
import type { LoaderFactory, LoaderHarness } from './loader-harness.ts'
import type { LabelMap, Manager, ResolvedServable } from './manager.ts'
import type { LabelSet } from './serving-map.ts'

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
}

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
  #closed = false

  constructor(options: AspiredVersionsManagerOptions<S>) {
    this.#options = options
    this.#basic = options.basic
  }

  /** Takes the full list of one model; a version that is left out goes. */
  readonly aspire: AspiredVersionsCallback<LoaderFactory<S>> = (name, versions) => {
    if (this.#closed) return
    this.#aspired.set(name, new Map(versions.map((data) => [data.id.version, data])))
    this.#options.onWork()
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
    this.#options.onWork()
  }

  dropLabels(name: string): void {
    this.#basic.dropLabels(name)
    this.#options.onWork()
  }

  listAvailable(): readonly ServableId[] {
    return this.#basic.listAvailable()
  }

  async reconcileOnce(): Promise<readonly ServableAction[]> {
    const started: ServableAction[] = []
    if (this.#closed) return started
    for (const name of new Set([...this.#aspired.keys(), ...this.#basic.names()])) {
      this.#align(name)
      for (let action = this.#next(name); action !== null; action = this.#next(name)) {
        this.#start(action)
        started.push(action)
      }
      if (this.#aspired.get(name)?.size === 0 && this.#basic.harnessesOf(name).length === 0) {
        this.#aspired.delete(name)
      }
    }
    return started
  }

  /** Resolves when no load and no unload is running. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  async close({ drainTimeoutMs }: { readonly drainTimeoutMs: number }): Promise<void> {
    if (this.#closed) return this.idle()
    this.#closed = true
    this.#aspired.clear()
    for (const name of this.#basic.names()) {
      for (const harness of this.#basic.harnessesOf(name)) {
        if (harness.state === 'ready') this.#track(this.#basic.unload(harness.id, drainTimeoutMs))
        else this.#letGo(harness)
      }
    }
    await this.idle()
  }

  /** Brings the list of harnesses into line with what is aspired, as far as that needs no policy. */
  #align(name: string): void {
    const aspired: Aspired<S> = this.#aspired.get(name) ?? new Map()
    for (const harness of this.#basic.harnessesOf(name)) {
      const wanted = aspired.get(harness.id.version)
      if (wanted === undefined || this.#isRetryDue(harness, wanted)) this.#letGo(harness)
    }
    const managed = new Set(this.#basic.harnessesOf(name).map((harness) => harness.id.version))
    for (const [version, wanted] of aspired) if (!managed.has(version)) this.#manage(wanted)
  }

  #manage(wanted: ServableData<LoaderFactory<S>>): void {
    if ('data' in wanted) {
      this.#basic.manage(wanted.id, wanted.data)
      return
    }
    const { error } = wanted
    const harness = this.#basic.manage(wanted.id, () => {
      throw error
    })
    this.#withoutData.add(harness)
    harness.fail(error)
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
    if (this.#withoutData.has(harness)) return true
    const failedAtMs = this.#failedAtMs.get(harness)
    if (failedAtMs === undefined || !mayPass(harness.error)) return false
    return this.#options.clock.monotonicMs() - failedAtMs >= this.#options.errorRetryMs
  }

  #next(name: string): ServableAction | null {
    return this.#options.policy.nextAction(this.#snapshots(name))
  }

  #snapshots(name: string): readonly ServableStateSnapshot[] {
    const aspired = [...(this.#aspired.get(name)?.keys() ?? [])]
    const labelled = new Set(this.#basic.labelsOf(name)?.labels.values())
    const order = (version: number) => (aspired.includes(version) ? aspired.indexOf(version) : aspired.length)
    return this.#basic
      .harnessesOf(name)
      .map(({ id, state }) => ({
        id,
        state,
        aspired: aspired.includes(id.version),
        labelled: labelled.has(id.version),
      }))
      .sort((a, b) => order(a.id.version) - order(b.id.version))
  }

  #start({ type, id }: ServableAction): void {
    this.#track(type === 'load' ? this.#load(id) : this.#basic.unload(id, this.#options.drainTimeoutMs))
  }

  async #load(id: ServableId): Promise<void> {
    const harness = this.#basic.harnessesOf(id.name).find((other) => other.id.version === id.version)
    await this.#basic.load(id)
    if (harness?.state === 'error') this.#failedAtMs.set(harness, this.#options.clock.monotonicMs())
  }

  #track(action: Promise<void>): void {
    const tracked = action.finally(() => {
      this.#running.delete(tracked)
      this.#options.onWork()
    })
    this.#running.add(tracked)
  }
}

function draining(): PlatformError {
  return new PlatformError('serving.draining', 'This node is stopping and takes no new requests.')
}
