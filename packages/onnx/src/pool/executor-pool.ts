import { type Clock, type PlatformError, systemClock } from '@understudy/core'
import { ExecutorClient } from '../process/executor-client.ts'
import type { ExecutorExit } from '../process/executor-exit.ts'
import type { ExecutorOptions } from '../process/executor-options.ts'
import { AloneRunner } from './alone-runner.ts'
import { cancelled } from './cancelled.ts'
import type { Placement } from './decide-placement.ts'
import { MEMORY_LIMIT_FLOOR_BYTES } from './estimate-memory.ts'
import { ExecutorHost, type HomeRequest, type HostKind } from './executor-host.ts'
import type { Home } from './home.ts'
import { orAborted } from './or-aborted.ts'
import type { PooledExecutor } from './pooled-executor.ts'
import { type Haste, SpareShelf } from './spare-shelf.ts'
import { StoppedWatch } from './stopped-watch.ts'

export interface ExecutorPoolOptions {
  readonly executor: ExecutorOptions
  /** Executors without a model that stand ready. @defaultValue 1 */
  readonly spares?: number | undefined
  readonly clock?: Clock | undefined
  /** Starts one executor; another way in tests. */
  readonly start?: ((options: ExecutorOptions) => Promise<PooledExecutor>) | undefined
  /** An executor ended that was to live on, once for all of its versions. */
  readonly onLost?: ((process: PooledProcess, exit: ExecutorExit) => void) | undefined
  /** An executor could not be started; the pool goes on trying. */
  readonly onStartFailed?: ((error: PlatformError) => void) | undefined
}

/** One executor of a pool, for people and metrics. */
export interface PooledProcess {
  readonly pid: number
  readonly kind: HostKind | 'spare'
  readonly models: number
}

/**
 * The executors of one node: spares, own and shared ones. It keeps no version alive: who lives in an executor that is lost finds out by
 * its {@link Home} and settles again.
 */
export class ExecutorPool {
  /** Runs suspect requests, one after the other, in an executor that is there for nothing else. */
  readonly alone: AloneRunner
  readonly #onLost: (process: PooledProcess, exit: ExecutorExit) => void
  readonly #shelf: SpareShelf
  readonly #stopped: StoppedWatch
  readonly #hosts = new Set<ExecutorHost>()
  readonly #opening = new Map<Placement, Promise<ExecutorHost>>()
  readonly #closing = new AbortController()

  constructor(options: ExecutorPoolOptions) {
    const { start = (how) => ExecutorClient.start(how), spares = 1, clock = systemClock } = options
    const { onStartFailed = () => {}, onLost = () => {} } = options
    this.#onLost = onLost
    const executor = { ...options.executor, memoryLimitBytes: MEMORY_LIMIT_FLOOR_BYTES }
    this.#shelf = new SpareShelf({
      start: (hurry) => start({ ...executor, hurry }),
      spares,
      clock,
      onStartFailed,
    })
    const executors = () => [...[...this.#hosts].map((host) => host.executor), ...this.#shelf.spares]
    this.#stopped = new StoppedWatch({ executors, clock })
    this.alone = new AloneRunner({ settle: (request) => this.settle(request), clock })
  }

  /** Starts the spares; without it they are started with the first version. */
  start(): void {
    this.#shelf.fill()
  }

  /** Every process of the pool. */
  processes(): readonly PooledProcess[] {
    const spares = this.#shelf.pids.map((pid) => ({ pid, kind: 'spare' as const, models: 0 }))
    const hosts = [...this.#hosts].map(({ executor, kind, models }) => {
      return { pid: executor.pid, kind, models }
    })
    return [...hosts, ...spares]
  }

  /**
   * Loads a version where it wants to be: in an executor of its own, or in a shared one that has room.
   *
   * @throws PlatformError `onnx.executor_unavailable`, `serving.cancelled`, and the codes of `ExecutorClient.load`
   */
  async settle(request: HomeRequest): Promise<Home> {
    if (request.signal.aborted || this.#closing.signal.aborted) throw cancelled()
    if (request.placement !== 'own') return await (await this.#shared(request)).settle(request)
    const host = await this.#open('own', request.haste, request.signal)
    return await host.settle(request)
  }

  /**
   * An executor for someone who puts several versions into it himself. It ends with the last of them, or with the pool.
   *
   * @throws PlatformError `onnx.executor_unavailable`, `serving.cancelled`
   */
  open(signal: AbortSignal): Promise<ExecutorHost> {
    return this.#open('comparison', 'behind', signal)
  }

  /** Ends every executor. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#stopped.close()
    await Promise.all([
      this.alone.close(),
      this.#shelf.close(),
      ...[...this.#hosts].map((host) => host.end()),
    ])
  }

  /** Those who come while a shared executor is being opened share that one. */
  async #shared({ placement, reservedBytes, signal }: HomeRequest): Promise<ExecutorHost> {
    for (;;) {
      for (const host of this.#hosts) {
        if (host.kind === placement && host.canTake(reservedBytes)) return host
      }
      const opening = this.#opening.get(placement) ?? this.#openShared(placement)
      await orAborted(opening, signal)
    }
  }

  #openShared(placement: Placement): Promise<ExecutorHost> {
    const opening = this.#open(placement, 'now', this.#closing.signal).finally(() =>
      this.#opening.delete(placement),
    )
    this.#opening.set(placement, opening)
    return opening
  }

  async #open(kind: HostKind, haste: Haste, signal: AbortSignal): Promise<ExecutorHost> {
    const executor = await this.#shelf.take(haste, signal)
    const host = new ExecutorHost(kind, executor)
    this.#hosts.add(host)
    this.#stopped.start()
    void executor.exited.then((exit) => {
      this.#hosts.delete(host)
      if (!host.isEnded) this.#onLost({ pid: executor.pid, kind, models: host.models }, exit)
    })
    if (this.#closing.signal.aborted) {
      await host.end()
      throw cancelled()
    }
    return host
  }
}
