import {
  type Clock,
  type NamedTensors,
  type PlatformError,
  type Signature,
  toPlatformError,
} from '@understudy/core'
import type { Limiter } from '../manager/limiter.ts'
import { type LoadRetry, mayPass } from '../manager/load-retry.ts'
import { type ResourceTracker, refusedBytes, type Tenant } from '../manager/resource-tracker.ts'
import type { LoadContext, Loader, ModelServable, RunResult, ServableId, ServableRole } from '../servable.ts'

export interface OnDemandOptions {
  readonly id: ServableId
  readonly signature: Signature
  readonly batchable: boolean
  readonly role: ServableRole
  /** Makes the loader of one stay in memory: a loader loads once. */
  readonly createLoader: () => Loader<ModelServable>
  readonly contextOf: (id: ServableId) => Omit<LoadContext, 'id' | 'signal'>
  readonly tracker: ResourceTracker
  /** Bounds the loads that run at the same time. */
  readonly slots: Limiter
  readonly retry: LoadRetry
  readonly clock: Clock
  /** What is wrong with it now: the last load failed; undefined when one worked again. */
  readonly onTrouble: (error: PlatformError | undefined) => void
  readonly onUnloadError: (error: PlatformError) => void
}

interface Stay {
  readonly loader: Loader<ModelServable>
  readonly model: ModelServable
}

/**
 * A model that is there without being loaded: the first run loads it, and it leaves when its memory is needed, least recently used first.
 *
 * Runs that come while it loads share that load and wait within their own deadlines. It never leaves while a run is under way. A load that
 * fails gives its reason to all runs that wait; later runs get the same reason until the next attempt is due, which a run starts.
 */
export class OnDemandServable implements ModelServable, Tenant {
  readonly signature: Signature
  readonly batchable: boolean
  readonly #options: OnDemandOptions
  readonly #closing = new AbortController()
  #role: ServableRole
  #stay: Stay | undefined
  #loading: Promise<ModelServable> | undefined
  #leaving: Promise<void> | undefined
  #inUse = 0
  #lastUsedMs = 0
  #failure: { readonly error: PlatformError; readonly count: number; readonly retryAtMs: number } | undefined

  constructor(options: OnDemandOptions) {
    this.signature = options.signature
    this.batchable = options.batchable
    this.#options = options
    this.#role = options.role
  }

  get idleSinceMs(): number | undefined {
    return this.#stay !== undefined && this.#inUse === 0 ? this.#lastUsedMs : undefined
  }

  /** Whether it is in memory at this moment. */
  get isPresent(): boolean {
    return this.#stay !== undefined
  }

  run(inputs: NamedTensors): Promise<RunResult> {
    return this.#use((model) => model.run(inputs))
  }

  runAlone(inputs: NamedTensors): Promise<RunResult> {
    return this.#use((model) => model.runAlone?.(inputs) ?? model.run(inputs))
  }

  assume(role: ServableRole): void {
    this.#role = role
    this.#stay?.model.assume?.(role)
  }

  /** What is not in memory will be loaded in the form of its role. */
  isInLiveForm(): boolean {
    return this.#stay?.model.isInLiveForm?.() ?? true
  }

  /** Loads and warms it up fully, when nobody has to leave for that. True when it was; false when it was left as it is. */
  async prove(): Promise<boolean> {
    const { tracker, createLoader } = this.#options
    const { memoryBytes } = await createLoader().estimateResources(this.#role)
    if (memoryBytes > tracker.freeBytes) return false
    await this.#present(false)
    return true
  }

  leave(): Promise<void> {
    const stay = this.#stay
    this.#stay = undefined
    if (stay !== undefined) this.#leaving = this.#unload(stay.loader)
    return this.#leaving ?? Promise.resolve()
  }

  /** Ends it: stops a load and unloads. Nobody uses it any more. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#loading?.catch(() => undefined)
    await this.leave()
    this.#options.tracker.release(this)
  }

  async #use<R>(act: (model: ModelServable) => Promise<R>): Promise<R> {
    this.#inUse += 1
    try {
      return await act(this.#stay?.model ?? (await this.#present(true)))
    } finally {
      this.#inUse -= 1
      this.#lastUsedMs = this.#options.clock.monotonicMs()
      if (this.#inUse === 0) this.#options.tracker.tenantIdle()
    }
  }

  #present(awaited: boolean): Promise<ModelServable> {
    this.#loading ??= this.#load(awaited).finally(() => {
      this.#loading = undefined
    })
    return this.#loading
  }

  async #load(awaited: boolean): Promise<ModelServable> {
    const { clock, onTrouble, slots, tracker } = this.#options
    const failure = this.#failure
    if (failure !== undefined && clock.monotonicMs() < failure.retryAtMs) throw failure.error
    let loader: Loader<ModelServable> | undefined
    let toldRole = this.#role
    try {
      loader = await this.#reserve()
      toldRole = this.#role
      const started = loader
      this.#stay = { loader, model: await slots.run(() => this.#start(started, awaited)) }
    } catch (error) {
      if (loader !== undefined) await this.#unload(loader)
      tracker.release(this)
      throw this.#failed(toPlatformError(error))
    }
    this.#lastUsedMs = clock.monotonicMs()
    if (this.#role !== toldRole) this.#stay.model.assume?.(this.#role)
    if (failure !== undefined) onTrouble(undefined)
    this.#failure = undefined
    return this.#stay.model
  }

  /** A fresh loader, with the memory that it needs: the one before it is gone by then. */
  async #reserve(): Promise<Loader<ModelServable>> {
    const { id, tracker, createLoader } = this.#options
    const { signal } = this.#closing
    await this.#leaving
    signal.throwIfAborted()
    const loader = createLoader()
    const { memoryBytes } = await loader.estimateResources(this.#role)
    await tracker.reserve({ owner: this, id, memoryBytes, tenant: this, signal })
    return loader
  }

  async #start(loader: Loader<ModelServable>, awaited: boolean): Promise<ModelServable> {
    const { id, contextOf } = this.#options
    const { signal } = this.#closing
    signal.throwIfAborted()
    const model = await loader.load({ id, signal, ...contextOf(id), role: this.#role, awaited })
    await loader.warmUp?.(model, signal)
    signal.throwIfAborted()
    return model
  }

  #failed(error: PlatformError): PlatformError {
    if (this.#closing.signal.aborted) return error
    const { clock, retry, onTrouble } = this.#options
    const count = (this.#failure?.count ?? 0) + 1
    this.#failure = { error, count, retryAtMs: clock.monotonicMs() + waitMs(error, count, retry) }
    onTrouble(error)
    return error
  }

  async #unload(loader: Loader<ModelServable>): Promise<void> {
    try {
      await loader.unload()
    } catch (error) {
      this.#options.onUnloadError(toPlatformError(error))
    }
  }
}

/** Until the next attempt: none while memory may come free at any moment, growing for what may pass, the longest for what will not. */
function waitMs(error: PlatformError, count: number, { initialDelayMs, delayMsMax }: LoadRetry): number {
  if (refusedBytes(error) !== undefined) return 0
  if (!mayPass(error)) return PERMANENT_RETRY_MS
  return Math.min(delayMsMax, initialDelayMs * 2 ** (count - 1))
}

/** What only a change can cure may have been changed on disk behind the node's back. */
const PERMANENT_RETRY_MS = 60_000
