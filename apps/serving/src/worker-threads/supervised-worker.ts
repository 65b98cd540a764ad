import { Worker } from 'node:worker_threads'
import { type Clock, type ErrorCode, PlatformError, systemClock } from '@understudy/core'
import { restartDelayMs } from './restart-delay.ts'

/** What crosses between the threads: the answer to a request carries its number. */
export interface WorkerMessage {
  readonly id: number
}

/** What goes along with a request. */
export interface Enclosure {
  /** Handed over instead of being copied. @defaultValue none */
  readonly transfer?: readonly ArrayBuffer[]
  /** Counts towards `waitingBytesMax`. @defaultValue 0 */
  readonly sizeBytes?: number
}

export interface SupervisedWorkerOptions {
  /** Of the thread, for debuggers. */
  readonly name: string
  /** The bundled entry of the worker. It answers every request once, one after the other. */
  readonly workerPath: string | URL
  /** How messages call it, at the beginning of a sentence. */
  readonly subject: string
  /** Heap of the worker; beyond it the worker ends, never the process. */
  readonly heapMebibytesMax: number
  /** Requests that may wait, the one under way included. @defaultValue no bound */
  readonly waitingMax?: number | undefined
  /** Their bytes together. @defaultValue no bound */
  readonly waitingBytesMax?: number | undefined
  /** A worker that is longer over one request is ended. @defaultValue no bound */
  readonly taskTimeoutMs?: number | undefined
  /** A worker that ended is not started again sooner; longer when it ends again before it has answered. @defaultValue 0 */
  readonly restartDelayMs?: number | undefined
  /** A worker without work is ended after that time. @defaultValue never */
  readonly idleMs?: number | undefined
  /** What those get whose requests a worker takes with it. @defaultValue serving.executor_lost */
  readonly lostCode?: ErrorCode | undefined
  /** Told of every worker that ended by itself. */
  readonly onFault?: ((error: PlatformError) => void) | undefined
  readonly clock?: Clock | undefined
}

interface Waiting<Reply> {
  readonly sizeBytes: number
  resolve(reply: Reply): void
  reject(error: PlatformError): void
}

/**
 * Answers or rejects every request, never forgets one, in a worker thread that may end at any time.
 *
 * The thread is started by the first request, also after it has ended; what was waiting in it is rejected then. Requests are carried out
 * one after the other. Types are those of both ends of the protocol: the entry of the worker must keep to them.
 */
export class SupervisedWorker<Request extends WorkerMessage, Reply extends WorkerMessage> {
  readonly #options: SupervisedWorkerOptions
  readonly #clock: Clock
  /** In the order in which the worker takes them. */
  readonly #waiting = new Map<number, Waiting<Reply>>()
  #worker: Worker | undefined
  #timer: NodeJS.Timeout | undefined
  #lossesInARow = 0
  #notBeforeMs = Number.NEGATIVE_INFINITY
  #nextId = 1
  #waitingBytes = 0
  #closed = false

  constructor(options: SupervisedWorkerOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  /** Requests that wait for the worker or are with it. */
  get inFlight(): number {
    return this.#waiting.size
  }

  /**
   * Returns when a request would be taken at this moment: whoever copies much for one asks first.
   *
   * @throws PlatformError `serving.draining`, `serving.queue_full`; the `lostCode` while it may not be started again
   */
  admit(): void {
    const { waitingMax = Infinity, waitingBytesMax = Infinity, subject } = this.#options
    if (this.#closed) throw draining()
    if (this.#waiting.size >= waitingMax || this.#waitingBytes >= waitingBytesMax) {
      throw new PlatformError('serving.queue_full', `${subject} has as much to do as it may.`)
    }
    if (this.#worker === undefined && this.#clock.monotonicMs() < this.#notBeforeMs) {
      throw this.#lost(' and is not back yet')
    }
  }

  /**
   * Settles with the reply of the worker.
   *
   * @throws PlatformError those of {@link admit}; the `lostCode` when the worker ends before it has answered
   */
  async run(request: Omit<Request, 'id'>, { transfer = [], sizeBytes = 0 }: Enclosure = {}): Promise<Reply> {
    this.admit()
    this.#worker ??= this.#start()
    const worker = this.#worker
    const id = this.#nextId
    this.#nextId += 1
    // Throws where something cannot be cloned: nothing waits then.
    worker.postMessage({ ...request, id }, transfer)
    return await new Promise((resolve, reject) => {
      this.#waiting.set(id, { sizeBytes, resolve, reject })
      this.#waitingBytes += sizeBytes
      if (this.#waiting.size === 1) this.#watch(worker)
    })
  }

  /** Ends the worker, also in the middle of a request, and resolves when it is gone; what waits is rejected. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true
    this.#rejectAll(draining())
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }

  #start(): Worker {
    const { workerPath, name, heapMebibytesMax } = this.#options
    const worker = new Worker(workerPath, {
      ...{ name, env: {}, execArgv: [] },
      resourceLimits: { maxOldGenerationSizeMb: heapMebibytesMax },
    })
    worker.on('message', (reply: Reply) => this.#answered(worker, reply))
    worker.on('messageerror', (error) => this.#lose(worker, error.message))
    worker.on('error', (error) => this.#lose(worker, error.message))
    worker.on('exit', (code) => this.#lose(worker, `exit code ${code}`))
    return worker
  }

  #answered(worker: Worker, reply: Reply): void {
    const waiting = this.#take(reply.id)
    if (this.#worker === worker) {
      this.#lossesInARow = 0
      this.#watch(worker)
    }
    waiting?.resolve(reply)
  }

  /** Only the request that it works on can be what keeps it; without any, it is idle. */
  #watch(worker: Worker): void {
    clearTimeout(this.#timer)
    const { taskTimeoutMs, idleMs } = this.#options
    if (this.#waiting.size > 0 && taskTimeoutMs !== undefined) {
      this.#timer = setTimeout(() => this.#lose(worker, 'it took too long over one request'), taskTimeoutMs)
    }
    if (this.#waiting.size === 0 && idleMs !== undefined) {
      this.#timer = setTimeout(() => this.#dismiss(worker), idleMs)
      this.#timer.unref()
    }
  }

  #take(id: number): Waiting<Reply> | undefined {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return undefined
    this.#waiting.delete(id)
    this.#waitingBytes -= waiting.sizeBytes
    return waiting
  }

  #lose(worker: Worker, reason: string): void {
    if (this.#worker !== worker) return
    this.#lossesInARow += 1
    const delayMs = restartDelayMs(this.#options.restartDelayMs ?? 0, this.#lossesInARow)
    this.#notBeforeMs = this.#clock.monotonicMs() + delayMs
    const error = this.#lost(`: ${reason}`)
    this.#dismiss(worker)
    this.#rejectAll(error)
    this.#options.onFault?.(error)
  }

  #dismiss(worker: Worker): void {
    this.#worker = undefined
    worker.terminate().catch(() => undefined)
  }

  #lost(how: string): PlatformError {
    const { lostCode = 'serving.executor_lost', subject } = this.#options
    return new PlatformError(lostCode, `${subject} ended${how}.`)
  }

  #rejectAll(error: PlatformError): void {
    clearTimeout(this.#timer)
    for (const id of [...this.#waiting.keys()]) this.#take(id)?.reject(error)
  }
}

function draining(): PlatformError {
  return new PlatformError('serving.draining', 'The node is stopping.')
}
