import { Worker } from 'node:worker_threads'
import { type Clock, type NamedTensors, PlatformError, type Signature, systemClock } from '@understudy/core'
import type { PredictBody, PredictForm } from '@understudy/protocols'
import type { LargeBodies } from '../http/large-bodies.ts'
import type { CodecReply, CodecRequest, CodecResult, CodecTask } from './codec-protocol.ts'
import { ownBytes, ownTensors, type Posted } from './own-memory.ts'

export interface CodecClientOptions {
  /** The bundled entry of the worker. */
  readonly workerPath: string | URL
  /** Bodies that may wait for the worker. @defaultValue 64 */
  readonly waitingMax?: number
  /** Their bytes together. @defaultValue 256 MiB */
  readonly waitingBytesMax?: number
  /** A body that takes longer ends the worker. @defaultValue 30 s */
  readonly taskTimeoutMs?: number
  /** Heap of the worker; beyond it the worker ends, never the process. @defaultValue 1024 */
  readonly heapMebibytesMax?: number
  /** A worker that ended is not started again sooner. @defaultValue 100 ms */
  readonly restartDelayMs?: number
  /** Told of every worker that ended by itself. */
  readonly onFault: (error: PlatformError) => void
  readonly clock?: Clock
}

interface Waiting {
  readonly sizeBytes: number
  resolve(result: CodecResult): void
  reject(error: PlatformError): void
}

const DEFAULTS = {
  waitingMax: 64,
  waitingBytesMax: 256 * 1024 * 1024,
  taskTimeoutMs: 30_000,
  heapMebibytesMax: 1_024,
  restartDelayMs: 100,
}

/**
 * Reads and writes large bodies in a worker thread, one after the other.
 *
 * Every body is answered or rejected, never forgotten: when the worker ends, what waits is rejected with `serving.executor_lost`, and
 * the next body starts another. Beyond the bounds on what waits, bodies are rejected at once with `serving.queue_full`.
 */
export class CodecClient implements LargeBodies {
  readonly #options: CodecClientOptions & typeof DEFAULTS
  readonly #clock: Clock
  /** In the order in which the worker takes them. */
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | undefined
  #watch: NodeJS.Timeout | undefined
  #notBeforeMs = Number.NEGATIVE_INFINITY
  #nextId = 1
  #waitingBytes = 0
  #closed = false

  constructor(options: CodecClientOptions) {
    this.#options = { ...DEFAULTS, ...options }
    this.#clock = options.clock ?? systemClock
  }

  /** Bodies that wait for the worker or are with it. */
  get inFlight(): number {
    return this.#waiting.size
  }

  async decodePredict(bytes: Uint8Array, signature: Signature): Promise<PredictBody> {
    this.#admit()
    const own = ownBytes(bytes)
    const result = await this.#run({ kind: 'decode', bytes: own.value, signature }, own)
    if (result.kind === 'decoded') return result.body
    throw failure(result)
  }

  async encodePredict(outputs: NamedTensors, form: PredictForm): Promise<Uint8Array> {
    this.#admit()
    const own = ownTensors(outputs, { copies: true })
    const result = await this.#run({ kind: 'encode', outputs: own.value, form }, own)
    if (result.kind === 'encoded') return result.body
    throw failure(result)
  }

  /** Ends the worker; what waits is rejected. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true
    this.#rejectAll(draining())
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }

  #admit(): void {
    const { waitingMax, waitingBytesMax } = this.#options
    if (this.#waiting.size < waitingMax && this.#waitingBytes < waitingBytesMax) return
    throw new PlatformError(
      'serving.queue_full',
      'This node has as many large bodies to read or write as it may.',
    )
  }

  #run(task: CodecTask, { transfer, sizeBytes }: Posted<unknown>): Promise<CodecResult> {
    const worker = this.#ready()
    const request: CodecRequest = { id: this.#nextId, task }
    this.#nextId += 1
    return new Promise((resolve, reject) => {
      worker.postMessage(request, transfer)
      this.#waiting.set(request.id, { sizeBytes, resolve, reject })
      this.#waitingBytes += sizeBytes
      if (this.#waiting.size === 1) this.#watchTask(worker)
    })
  }

  #ready(): Worker {
    if (this.#closed) throw draining()
    if (this.#worker !== undefined) return this.#worker
    if (this.#clock.monotonicMs() < this.#notBeforeMs) {
      throw new PlatformError(
        'serving.executor_lost',
        'The thread for large bodies ended and is not back yet.',
      )
    }
    const worker = new Worker(this.#options.workerPath, {
      name: 'codec',
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: this.#options.heapMebibytesMax },
    })
    worker.on('message', (reply: CodecReply) => this.#answered(worker, reply))
    worker.on('error', (error) => this.#ended(worker, error.message))
    worker.on('exit', (code) => this.#ended(worker, `exit code ${code}`))
    this.#worker = worker
    return worker
  }

  #answered(worker: Worker, { id, result }: CodecReply): void {
    const waiting = this.#take(id)
    this.#watchTask(worker)
    waiting?.resolve(result)
  }

  /** Only the body that it works on can be what keeps it. */
  #watchTask(worker: Worker): void {
    clearTimeout(this.#watch)
    if (this.#waiting.size === 0) return
    this.#watch = setTimeout(
      () => this.#ended(worker, 'it took too long over one body'),
      this.#options.taskTimeoutMs,
    )
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return undefined
    this.#waiting.delete(id)
    this.#waitingBytes -= waiting.sizeBytes
    return waiting
  }

  #ended(worker: Worker, reason: string): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    this.#notBeforeMs = this.#clock.monotonicMs() + this.#options.restartDelayMs
    const error = new PlatformError('serving.executor_lost', `The thread for large bodies ended: ${reason}.`)
    this.#rejectAll(error)
    this.#options.onFault(error)
    worker.terminate().catch(() => undefined)
  }

  #rejectAll(error: PlatformError): void {
    clearTimeout(this.#watch)
    for (const id of [...this.#waiting.keys()]) this.#take(id)?.reject(error)
  }
}

function failure(result: CodecResult): PlatformError {
  if (result.kind === 'failed') return new PlatformError(result.code, result.message)
  return new PlatformError('platform.unexpected', `The thread for large bodies answered "${result.kind}".`)
}

function draining(): PlatformError {
  return new PlatformError('serving.draining', 'The node is stopping.')
}
