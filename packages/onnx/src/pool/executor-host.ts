import type { ModelForm } from '../frames/frame.ts'
import { cancelled } from './cancelled.ts'
import type { Placement } from './decide-placement.ts'
import { MEMORY_LIMIT_FLOOR_BYTES, memoryLimitBytes } from './estimate-memory.ts'
import { Home } from './home.ts'
import { LoadTurns } from './load-turns.ts'
import { orAborted } from './or-aborted.ts'
import type { PooledExecutor } from './pooled-executor.ts'
import type { Haste } from './spare-shelf.ts'

/** Versions never ask for a `comparison` executor: a pair is put there. */
export type HostKind = Placement | 'comparison'

/** Which version wants to be loaded, and how. */
export interface HomeRequest {
  readonly placement: Placement
  readonly form: ModelForm
  /** Absolute path of the entry point, readable by the executor's user. */
  readonly path: string
  readonly intraOpThreads: number
  readonly limitMs: number
  /** Anonymous memory that it may need: an upper bound. */
  readonly reservedBytes: number
  readonly haste: Haste
  /** In an executor of its own it gives way to others, and goes on so after the load. @defaultValue false */
  readonly isBackground?: boolean | undefined
  /** Whether runs wait for it by now. */
  readonly isUrgent?: (() => boolean) | undefined
  readonly signal: AbortSignal
}

/** So many tiny sessions are about a hundred megabytes, and come back after a loss within seconds. */
const SHARED_MODELS_MAX = 1_024
/** What one loss takes from all of them at once. */
const SHARED_BYTES_MAX = 1024 * 1024 * 1024

const NOT_URGENT = () => false

/** One executor and the versions in it. It is ended when the last of them is gone: its memory comes back for certain. */
export class ExecutorHost {
  readonly kind: HostKind
  readonly executor: PooledExecutor
  readonly #turns = new LoadTurns()
  /** Bytes of each version, also while it loads. */
  readonly #seats = new Set<{ readonly bytes: number }>()
  /** Told of the end here: a promise of the executor itself would hold every version that ever lived in it. */
  readonly #homes = new Set<Home>()
  #reservedBytes = 0
  /** Every executor starts with the floor. */
  #limitBytes = MEMORY_LIMIT_FLOOR_BYTES
  #isEnded = false

  constructor(kind: HostKind, executor: PooledExecutor) {
    this.kind = kind
    this.executor = executor
    void executor.exited.then((exit) => {
      for (const home of this.#homes) home.tellExit(exit)
    })
  }

  get models(): number {
    return this.#seats.size
  }

  /** Whether its end is wanted: what it takes with it is no loss. */
  get isEnded(): boolean {
    return this.#isEnded
  }

  get isAlive(): boolean {
    return !this.#isEnded && this.executor.isAlive
  }

  /** Whether another version may be loaded here. */
  canTake(bytes: number): boolean {
    if (!this.isAlive) return false
    // Whatever it needs: another empty one would have no more room.
    if (this.models === 0) return true
    if (this.kind === 'own') return false
    return this.models < SHARED_MODELS_MAX && this.#reservedBytes + bytes <= SHARED_BYTES_MAX
  }

  /** @throws PlatformError the codes of `ExecutorClient.load`, `serving.cancelled` */
  async settle(request: HomeRequest): Promise<Home> {
    const seat = { bytes: request.reservedBytes }
    this.#seats.add(seat)
    this.#reservedBytes += seat.bytes
    const load = () => this.#load(request, seat)
    const settled = this.#turns.take(request.isUrgent ?? NOT_URGENT, load).catch(async (error) => {
      await this.#free(seat)
      throw request.signal.aborted ? cancelled() : error
    })
    // Its own executor ends with the load; a shared one goes on, and the load is undone when its turn has come.
    if (this.kind === 'own') return await settled
    try {
      return await orAborted(settled, request.signal)
    } catch (error) {
      void settled.then(
        (home) => home.evict(),
        () => {},
      )
      throw error
    }
  }

  /** Ends the executor, whoever lives in it. */
  async end(): Promise<void> {
    this.#isEnded = true
    this.executor.kill()
    await this.executor.exited
  }

  async #load(request: HomeRequest, seat: { readonly bytes: number }): Promise<Home> {
    const { path, form, placement, intraOpThreads, limitMs, signal } = request
    const { executor } = this
    if (signal.aborted) throw cancelled()
    const isAlone = this.kind === 'own'
    const end = () => this.end()
    const kill = () => void end()
    if (isAlone) signal.addEventListener('abort', kill, { once: true })
    try {
      await this.#limitMemory()
      // In force before it returns; a busy kernel is not waited for.
      if (isAlone && request.isBackground) void executor.setBackground(true)
      const { model, signature } = await executor.load({ path, form, intraOpThreads, limitMs })
      const onLeft = async () => {
        this.#homes.delete(home)
        await this.#leave(model, seat)
      }
      const home = new Home({ executor, model, signature, form, placement, end, onLeft })
      this.#homes.add(home)
      if (!signal.aborted) return home
      this.#homes.delete(home)
      await executor.unload(model)
      throw cancelled()
    } finally {
      signal.removeEventListener('abort', kill)
    }
  }

  async #leave(model: number, seat: { readonly bytes: number }): Promise<void> {
    if (this.kind !== 'own' && this.models > 1 && this.isAlive) {
      // Lost meanwhile, it is unloaded all the same.
      await this.executor.unload(model).catch(() => {})
    }
    await this.#free(seat)
  }

  async #free(seat: { readonly bytes: number }): Promise<void> {
    if (!this.#seats.delete(seat)) return
    this.#reservedBytes -= seat.bytes
    if (this.models === 0) await this.end()
    else await this.#turns.take(NOT_URGENT, () => this.#limitMemory()).catch(() => {})
  }

  async #limitMemory(): Promise<void> {
    const bytes = memoryLimitBytes(this.#reservedBytes, this.models)
    if (bytes === this.#limitBytes || !this.isAlive) return
    this.#limitBytes = bytes
    await this.executor.setMemoryLimit(bytes)
  }
}
