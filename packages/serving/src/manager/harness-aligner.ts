import type { Clock } from '@understudy/core'
import type { ServableData, ServableId } from '../servable.ts'
import type { AspiredVersionPolicy } from './aspired-version-policy.ts'
import type { BasicManager } from './basic-manager.ts'
import type { Displacements } from './displacements.ts'
import { draining } from './draining.ts'
import { mayPass } from './load-retry.ts'
import type { LoaderFactory, LoaderHarness } from './loader-harness.ts'
import { refusedBytes } from './resource-tracker.ts'

/** The versions that one model shall have, by number. */
export type Aspired<S> = ReadonlyMap<number, ServableData<LoaderFactory<S>>>

export interface HarnessAlignerOptions<S> {
  readonly basic: BasicManager<S>
  readonly policy: AspiredVersionPolicy
  readonly clock: Clock
  readonly drainTimeoutMs: number
  readonly errorRetryMs: number
  readonly displacements: Displacements<S>
  /** The harness of a version that is still aspired. */
  readonly aspiredHarness: (id: ServableId) => LoaderHarness<S> | undefined
  /** Told of what goes on after {@link HarnessAligner.align} has returned. */
  readonly track: (name: string, action: Promise<void>) => void
}

/**
 * Brings the harnesses of a model into line with what is aspired, as far as that needs no policy: new versions get one, versions that
 * were never available lose theirs, errors that may have passed are tried again, and other content under the same number is loaded beside
 * the old.
 */
export class HarnessAligner<S> {
  readonly #options: HarnessAlignerOptions<S>
  readonly #basic: BasicManager<S>
  readonly #failedAtMs = new WeakMap<LoaderHarness<S>, number>()
  /** Harnesses that only show an error of the Source: there never was a loader. */
  readonly #withoutData = new WeakSet<LoaderHarness<S>>()
  /** What each harness was told to load. */
  readonly #contents = new WeakMap<LoaderHarness<S>, string | undefined>()
  readonly #replaceFailedAtMs = new WeakMap<LoaderHarness<S>, number>()
  #closed = false

  constructor(options: HarnessAlignerOptions<S>) {
    this.#options = options
    this.#basic = options.basic
  }

  /** A load ended in an error; it is tried again after a while, if the error may pass. */
  loadFailed(harness: LoaderHarness<S>): void {
    this.#failedAtMs.set(harness, this.#options.clock.monotonicMs())
  }

  /** From now on nothing is unloaded for the sake of another version. */
  close(): void {
    this.#closed = true
  }

  /** Synchronous; waits for nothing that it starts. */
  align(name: string, aspired: Aspired<S>): void {
    for (const harness of this.#basic.harnessesOf(name)) {
      const wanted = aspired.get(harness.id.version)
      if (wanted === undefined || this.#isRetryDue(harness, wanted)) this.letGo(harness)
      else if (wanted.content !== this.#contents.get(harness)) this.#renew(harness, wanted)
    }
    const managed = new Set(this.#basic.harnessesOf(name).map((harness) => harness.id.version))
    for (const [version, wanted] of aspired) if (!managed.has(version)) this.#manage(wanted)
  }

  #manage(wanted: ServableData<LoaderFactory<S>>): void {
    const { id, content } = wanted
    const error = 'error' in wanted ? wanted.error : this.#options.displacements.reason(id)
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
      this.letGo(harness)
      return
    }
    if ('error' in wanted || this.#basic.isBeingReplaced(harness)) return
    const failedAtMs = this.#replaceFailedAtMs.get(harness)
    const { clock, errorRetryMs } = this.#options
    if (failedAtMs !== undefined && clock.monotonicMs() - failedAtMs < errorRetryMs) return
    this.#options.track(harness.id.name, this.#replace(harness, wanted.data, wanted.content))
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
  letGo(harness: LoaderHarness<S>): void {
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
    const { clock, errorRetryMs, displacements, aspiredHarness } = this.#options
    if (displacements.has(harness.id)) return displacements.mayReturn(harness.id, aspiredHarness)
    if (this.#withoutData.has(harness)) return true
    const bytes = refusedBytes(harness.error)
    if (bytes !== undefined && bytes <= this.#basic.memory.attainableBytes) return true
    const failedAtMs = this.#failedAtMs.get(harness)
    if (failedAtMs === undefined || !mayPass(harness.error)) return false
    return clock.monotonicMs() - failedAtMs >= errorRetryMs
  }
}
