import type { CallCount, KnownTarget } from '@understudy/api/predict-codec'
import { type Clock, type NamedTensors, PlatformError, type Signature } from '@understudy/core'
import type {
  ExamplesRequest,
  ExamplesTarget,
  InferAnswer,
  InferContext,
  InferRequest,
  PredictBody,
  PredictForm,
  SignatureMappings,
} from '@understudy/protocols'
import type { InferBody } from '../http/join-infer.ts'
import type { ExamplesAnswer, LargeBodies, ReadCalls } from '../http/large-bodies.ts'
import { SupervisedWorker } from '../worker-threads/supervised-worker.ts'
import type { CodecReply, CodecRequest, CodecResult, CodecTask } from './codec-protocol.ts'
import { inTurns } from './in-turns.ts'
import { arrivedTensors, type CarriedTensors, carriedTensors, ownBytes } from './own-memory.ts'

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
  /** A worker that ended is not started again sooner; after several losses, later. @defaultValue 100 ms */
  readonly restartDelayMs?: number
  /** Told of every worker that ended by itself. */
  readonly onFault: (error: PlatformError) => void
  readonly clock?: Clock
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
  readonly #worker: SupervisedWorker<CodecRequest, CodecReply>

  constructor(options: CodecClientOptions) {
    this.#worker = new SupervisedWorker({
      ...{ name: 'codec', subject: 'The thread for large bodies' },
      ...DEFAULTS,
      ...options,
    })
  }

  /** Bodies that wait for the worker or are with it. */
  get inFlight(): number {
    return this.#worker.inFlight
  }

  async decodePredict(
    bytes: Uint8Array,
    signature: Signature,
    mappings: SignatureMappings = {},
  ): Promise<PredictBody> {
    const result = await this.#decode(bytes, (own) => ({ kind: 'decode', bytes: own, signature, mappings }))
    if (result.kind === 'decoded') return await arrived(result.body)
    throw failure(result)
  }

  async encodePredict(outputs: NamedTensors, form: PredictForm): Promise<Uint8Array> {
    return await this.#encode(outputs, (own) => ({ kind: 'encode', outputs: own, form }))
  }

  async decodeExamples(bytes: Uint8Array, target: ExamplesTarget): Promise<ExamplesRequest> {
    const result = await this.#decode(bytes, (own) => ({ kind: 'decodeExamples', bytes: own, target }))
    if (result.kind === 'examplesDecoded') return await arrived(result.request)
    throw failure(result)
  }

  async encodeExamples(outputs: NamedTensors, made: ExamplesAnswer): Promise<Uint8Array> {
    return await this.#encode(outputs, (own) => ({ kind: 'encodeExamples', outputs: own, made }))
  }

  async decodeInfer(bytes: Uint8Array, context: InferContext): Promise<InferRequest> {
    const result = await this.#decode(bytes, (own) => ({ kind: 'decodeInfer', bytes: own, context }))
    if (result.kind === 'inferDecoded') return await arrived(result.request)
    throw failure(result)
  }

  async encodeInfer(answer: InferAnswer): Promise<InferBody> {
    this.#worker.admit()
    const own = await inTurns(carriedTensors(answer.outputs, { copies: true }))
    const task: CodecTask = { kind: 'encodeInfer', answer: { ...answer, outputs: own.value } }
    const { result } = await this.#worker.run({ task }, own)
    if (result.kind === 'inferEncoded') return { body: result.body, headerLength: result.headerLength }
    throw failure(result)
  }

  async decodeCalls(bytes: Uint8Array, count: CallCount, known: readonly KnownTarget[]): Promise<ReadCalls> {
    const result = await this.#decode(bytes, (own) => ({ kind: 'decodeCalls', bytes: own, count, known }))
    if (result.kind === 'callsDecoded') return result.read
    throw failure(result)
  }

  async encodeOutputs(outputs: NamedTensors): Promise<Uint8Array> {
    return await this.#encode(outputs, (own) => ({ kind: 'encodeOutputs', outputs: own }))
  }

  /** Ends the worker; what waits is rejected. Idempotent. */
  close(): Promise<void> {
    return this.#worker.close()
  }

  async #decode(bytes: Uint8Array, taskOf: (own: Uint8Array) => CodecTask): Promise<CodecResult> {
    this.#worker.admit()
    const own = ownBytes(bytes)
    const { result } = await this.#worker.run({ task: taskOf(own.value) }, own)
    return result
  }

  async #encode(outputs: NamedTensors, taskOf: (own: CarriedTensors) => CodecTask): Promise<Uint8Array> {
    this.#worker.admit()
    const own = await inTurns(carriedTensors(outputs, { copies: true }))
    const { result } = await this.#worker.run({ task: taskOf(own.value) }, own)
    if (result.kind === 'encoded') return result.body
    throw failure(result)
  }
}

/** What was decoded, its inputs as tensors again. */
async function arrived<T extends { readonly inputs: CarriedTensors }>(
  decoded: T,
): Promise<Omit<T, 'inputs'> & { readonly inputs: NamedTensors }> {
  return { ...decoded, inputs: await inTurns(arrivedTensors(decoded.inputs)) }
}

function failure(result: CodecResult): PlatformError {
  if (result.kind === 'failed') return new PlatformError(result.code, result.message)
  return new PlatformError('platform.unexpected', `The thread for large bodies answered "${result.kind}".`)
}
