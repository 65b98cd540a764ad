import { type Clock, PlatformError, toPlatformError, versionName } from '@understudy/core'
import type { LoadContext, Loader, ServableHandle, ServableId } from '../servable.ts'
import { CountedHandle } from './counted-handle.ts'
import { canTransition, type HarnessState } from './harness-state.ts'
import type { Limiter } from './limiter.ts'
import { type LoadRetry, retryDelayMs } from './load-retry.ts'
import type { ResourceTracker } from './resource-tracker.ts'

/** Makes the loader of one attempt: a loader loads once, so every attempt gets its own. May throw. */
export type LoaderFactory<S> = () => Loader<S>

export interface LoaderHarnessOptions<S> {
  readonly id: ServableId
  readonly createLoader: LoaderFactory<S>
  readonly clock: Clock
  readonly retry: LoadRetry
  /** Bounds the loads that run at the same time. */
  readonly slots: Limiter
  readonly tracker: ResourceTracker
  /** What a load is told besides, asked at the beginning of each attempt. */
  readonly contextOf: (id: ServableId) => Omit<LoadContext, 'id' | 'signal'>
  /** Called after each transition. */
  readonly onState: (harness: LoaderHarness<S>) => void
  /** A loader that fails to unload: the version is gone for us, someone should know. */
  readonly onUnloadError: (error: PlatformError) => void
}

/**
 * The life of one version on this node: who may do what when, how many hold it, and what went wrong.
 *
 * Handles are counted here, per version: a slow caller of one version delays no other.
 *
 * @see TensorFlow Serving, core/loader_harness.h
 */
export class LoaderHarness<S> {
  readonly id: ServableId
  readonly #options: LoaderHarnessOptions<S>
  readonly #loadAbort = new AbortController()
  readonly #revoked = new AbortController()
  #state: HarnessState = 'new'
  #error: PlatformError | undefined
  #loader: Loader<S> | undefined
  #servable: { readonly value: S } | undefined
  #refs = 0
  #nap = new AbortController()
  #onIdle: (() => void) | undefined

  constructor(options: LoaderHarnessOptions<S>) {
    this.id = options.id
    this.#options = options
  }

  get state(): HarnessState {
    return this.#state
  }

  /** Why it is in `error`, or why the last attempt failed. */
  get error(): PlatformError | undefined {
    return this.#error
  }

  get refs(): number {
    return this.#refs
  }

  /** Set once {@link cancelLoad} was called: this harness will end, whatever its loader does. */
  get cancelled(): boolean {
    return this.#loadAbort.signal.aborted
  }

  /** The loaded thing, without counting; undefined unless `ready`. */
  get servable(): S | undefined {
    return this.#state === 'ready' ? this.#servable?.value : undefined
  }

  /** Counts one more user. Only in `ready`; synchronous, so no unload can slip in between. */
  acquire(): ServableHandle<S> {
    if (this.#state !== 'ready' || this.#servable === undefined) throw this.#invalid('acquire')
    this.#refs += 1
    return new CountedHandle({
      id: this.id,
      servable: this.#servable.value,
      revoked: this.#revoked.signal,
      onRelease: () => this.#release(),
    })
  }

  /** Reserves, loads and warms up, again with backoff while the error may pass. Never rejects: look at the state. */
  async load(): Promise<void> {
    this.#to('loadRequested')
    for (let attempt = 1; ; attempt += 1) {
      const failure = await this.#options.slots.run(() => this.#attempt())
      // It may have been unloaded again by now.
      if (failure === null) return
      if (failure === undefined || this.cancelled) break
      const delayMs = retryDelayMs(failure, attempt, this.#options.retry)
      if (delayMs === undefined) return this.fail(failure)
      this.#error = failure
      this.#to('loadRequested')
      this.#nap = new AbortController()
      await this.#options.clock.sleep(delayMs, this.#nap.signal)
    }
    this.#to('unloading')
    this.#to('disabled')
  }

  /** Asks a load to stop. What it has loaded by then is unloaded again. */
  cancelLoad(): void {
    this.#loadAbort.abort()
    this.#nap.abort()
  }

  /** Ends the wait for the next attempt: what was in the way is gone. */
  retryNow(): void {
    this.#nap.abort()
  }

  /** Ends a version that was never loaded. */
  disable(): void {
    this.#to('disabled')
  }

  /** Ends a version with the reason why it cannot be had. */
  fail(error: PlatformError): void {
    this.#error = error
    this.#to('error')
  }

  requestUnload(): void {
    this.#to('unloadRequested')
  }

  /** Waits until nobody holds the version; after `drainTimeoutMs` those who still do get `serving.drain_timeout`. */
  async quiesce(drainTimeoutMs: number): Promise<void> {
    this.#to('quiescing')
    if (this.#refs > 0) await this.#drained(drainTimeoutMs)
    if (this.#refs > 0) this.#revoked.abort(this.#drainTimeout(drainTimeoutMs))
    this.#to('quiesced')
  }

  async unload(): Promise<void> {
    this.#to('unloading')
    this.#servable = undefined
    await this.#closeLoader(this.#loader)
    this.#to('disabled')
  }

  /**
   * One bracket of a fresh loader. Returns what went wrong, undefined when it was stopped before it began; after that nothing of the
   * attempt is left. Null: it is loaded.
   */
  async #attempt(): Promise<PlatformError | null | undefined> {
    const { signal } = this.#loadAbort
    if (signal.aborted) return undefined
    let started: Loader<S> | undefined
    try {
      const loader = this.#options.createLoader()
      const { role } = this.#options.contextOf(this.id)
      const { memoryBytes } = await loader.estimateResources(role)
      signal.throwIfAborted()
      await this.#options.tracker.reserve({ owner: this, id: this.id, memoryBytes, signal })
      this.#to('loadApproved')
      this.#to('loading')
      started = loader
      const servable = await loader.load({ id: this.id, signal, ...this.#options.contextOf(this.id) })
      signal.throwIfAborted()
      this.#to('warming')
      await loader.warmUp?.(servable, signal)
      signal.throwIfAborted()
      this.#loader = loader
      this.#servable = { value: servable }
      this.#error = undefined
      this.#to('ready')
      return null
    } catch (error) {
      await this.#closeLoader(started)
      return toPlatformError(error)
    }
  }

  async #closeLoader(loader: Loader<S> | undefined): Promise<void> {
    try {
      await loader?.unload()
    } catch (error) {
      this.#options.onUnloadError(toPlatformError(error))
    } finally {
      this.#options.tracker.release(this)
    }
  }

  async #drained(timeoutMs: number): Promise<void> {
    const stopTimer = new AbortController()
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve
    })
    await Promise.race([idle, this.#options.clock.sleep(timeoutMs, stopTimer.signal)])
    stopTimer.abort()
  }

  #release(): void {
    this.#refs -= 1
    if (this.#refs === 0) this.#onIdle?.()
  }

  #to(state: HarnessState): void {
    if (!canTransition(this.#state, state)) throw this.#invalid(state)
    this.#state = state
    this.#options.onState(this)
  }

  #drainTimeout(drainTimeoutMs: number): PlatformError {
    const name = versionName(this.id.name, this.id.version)
    return new PlatformError(
      'serving.drain_timeout',
      `${name} was unloaded: its last requests had not ended within ${drainTimeoutMs} ms.`,
    )
  }

  #invalid(wanted: string): PlatformError {
    const name = versionName(this.id.name, this.id.version)
    return new PlatformError(
      'serving.invalid_transition',
      `${name}: "${wanted}" is impossible in "${this.#state}".`,
    )
  }
}
