import { PlatformError } from '@understudy/core'
import { SupervisedWorker } from '../worker-threads/supervised-worker.ts'
import type { IngestAnswers, IngestCall, IngestReply, IngestTask } from './ingest-protocol.ts'

export interface IngestClientOptions {
  /** The bundled entry of the worker. */
  readonly workerPath: string | URL
  /** A worker without work ends after that time. @defaultValue 10 s */
  readonly idleMs?: number
  /** Heap of the worker; beyond it the worker ends, never the process. @defaultValue 512 */
  readonly heapMebibytesMax?: number
}

const DEFAULTS = { idleMs: 10_000, heapMebibytesMax: 512 }

/**
 * Reads, verifies, converts and writes versions off the front's loop, one after the other, in a worker thread of low priority.
 *
 * A task is answered or rejected, never forgotten. The worker starts with the first task and ends when there was none for a while.
 */
export class IngestClient {
  readonly #worker: SupervisedWorker<IngestCall, IngestReply>

  constructor(options: IngestClientOptions) {
    this.#worker = new SupervisedWorker({
      ...{ name: 'ingest', subject: 'The ingest worker', lostCode: 'platform.unexpected' },
      ...DEFAULTS,
      ...options,
    })
  }

  /** @throws PlatformError `serving.artifact_damaged`, `serving.disk_full`, `serving.draining`, `platform.unexpected` */
  async run<K extends IngestTask['kind']>(task: Extract<IngestTask, { kind: K }>): Promise<IngestAnswers[K]> {
    const reply = await this.#worker.run({ task })
    // The worker answers with the kind that it was asked for.
    if ('answer' in reply) return reply.answer as IngestAnswers[K]
    const { code, message, details } = reply.failure
    throw new PlatformError(code, message, { details })
  }

  /** Ends the worker, also in the middle of a task; what it left half-made is swept later. Idempotent. */
  close(): Promise<void> {
    return this.#worker.close()
  }
}
