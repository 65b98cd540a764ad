import { Worker } from 'node:worker_threads'
import { PlatformError } from '@understudy/core'
import type { IngestAnswers, IngestCall, IngestReply, IngestTask } from './ingest-protocol.ts'

export interface IngestClientOptions {
  /** The bundled entry of the worker. */
  readonly workerPath: string | URL
  /** A worker without work ends after that time. @defaultValue 10 s */
  readonly idleMs?: number
  /** Heap of the worker; beyond it the worker ends, never the process. @defaultValue 512 */
  readonly heapMebibytesMax?: number
}

interface Pending {
  resolve(answer: unknown): void
  reject(error: PlatformError): void
}

const DEFAULTS = { idleMs: 10_000, heapMebibytesMax: 512 }

/**
 * Reads, verifies, converts and writes versions off the front's loop, one after the other, in a worker thread of low priority.
 *
 * A task is answered or rejected, never forgotten. The worker starts with the first task and ends when there was none for a while.
 */
export class IngestClient {
  readonly #options: IngestClientOptions & typeof DEFAULTS
  readonly #pending = new Map<number, Pending>()
  #worker: Worker | undefined
  #idleTimer: NodeJS.Timeout | undefined
  #nextId = 1
  #closed = false

  constructor(options: IngestClientOptions) {
    this.#options = { ...DEFAULTS, ...options }
  }

  /** @throws PlatformError `serving.artifact_damaged`, `serving.disk_full`, `serving.draining`, `platform.unexpected` */
  async run<K extends IngestTask['kind']>(task: Extract<IngestTask, { kind: K }>): Promise<IngestAnswers[K]> {
    const worker = this.#ready()
    const call: IngestCall = { id: this.#nextId, task }
    this.#nextId += 1
    return await new Promise<IngestAnswers[K]>((resolve, reject) => {
      // The worker answers with the kind that it was asked for.
      this.#pending.set(call.id, { resolve: resolve as (answer: unknown) => void, reject })
      worker.postMessage(call)
    })
  }

  /** Ends the worker, also in the middle of a task; what it left half-made is swept later. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#idleTimer)
    this.#rejectAll(new PlatformError('serving.draining', 'The node is stopping.'))
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }

  #ready(): Worker {
    if (this.#closed) throw new PlatformError('serving.draining', 'The node is stopping.')
    clearTimeout(this.#idleTimer)
    if (this.#worker !== undefined) return this.#worker
    const worker = new Worker(this.#options.workerPath, {
      name: 'ingest',
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: this.#options.heapMebibytesMax },
    })
    worker.on('message', (reply: IngestReply) => this.#answered(worker, reply))
    worker.on('error', (error) => this.#ended(worker, error.message))
    worker.on('exit', (code) => this.#ended(worker, `exit code ${code}`))
    this.#worker = worker
    return worker
  }

  #answered(worker: Worker, reply: IngestReply): void {
    const pending = this.#pending.get(reply.id)
    this.#pending.delete(reply.id)
    if ('failure' in reply) {
      const { code, message, details } = reply.failure
      pending?.reject(new PlatformError(code, message, { details }))
    } else pending?.resolve(reply.answer)
    if (this.#pending.size > 0 || this.#closed) return
    this.#idleTimer = setTimeout(() => this.#ended(worker, 'idle'), this.#options.idleMs)
    this.#idleTimer.unref()
  }

  #ended(worker: Worker, reason: string): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    clearTimeout(this.#idleTimer)
    this.#rejectAll(new PlatformError('platform.unexpected', `The ingest worker ended: ${reason}.`))
    worker.terminate().catch(() => undefined)
  }

  #rejectAll(error: PlatformError): void {
    const waiting = [...this.#pending.values()]
    this.#pending.clear()
    for (const pending of waiting) pending.reject(error)
  }
}
