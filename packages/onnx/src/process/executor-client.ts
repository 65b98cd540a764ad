import { type NamedTensors, PlatformError, type Signature, toPlatformError } from '@understudy/core'
import type { RunResult } from '@understudy/serving'
import { decodeReply } from '../frames/decode-frame.ts'
import { encodeFrame } from '../frames/encode-frame.ts'
import type { ReplyFrame, RequestFrame } from '../frames/frame.ts'
import { DEFAULT_FRAME_LIMITS, type FrameLimits } from '../frames/frame-limits.ts'
import { FrameSplitter } from '../frames/frame-splitter.ts'
import { awaitReady, type ReadyFrame } from './await-ready.ts'
import { type CallKind, failureError, lossError } from './call-errors.ts'
import type { ExecutorExit } from './executor-exit.ts'
import { DEFAULT_START_TIMEOUT_MS, type ExecutorOptions, type ProtectionReport } from './executor-options.ts'
import { type ExecutorProcess, spawnExecutor } from './spawn-executor.ts'

export interface LoadRequest {
  /** Absolute path of the entry point, readable by the executor's user. */
  readonly path: string
  readonly intraOpThreads: number
  readonly limitMs: number
}

export interface LoadedModel {
  readonly signature: Signature
  readonly loadMs: number
}

type WithoutId<F> = F extends unknown ? Omit<F, 'id'> : never

interface PendingCall {
  readonly kind: CallKind
  readonly limitMs: number
  readonly accept: (reply: ReplyFrame) => boolean
  readonly reject: (error: PlatformError) => void
}

/** How much longer than the watchdog the parent waits before it ends a process whose watchdog does not act. */
const BACKSTOP_GRACE_MS = 2_000
const CLOSE_GRACE_MS = 1_000
const PING_LIMIT_MS = 10_000

/**
 * The parent's side of one executor process.
 *
 * Every call settles: with the answer, with the executor's failure, or, when the process ends for whatever reason, with the loss.
 * Calls may be made in parallel; the executor carries them out in order. What it sends is hostile until checked.
 */
export class ExecutorClient {
  readonly protections: ProtectionReport
  readonly #process: ExecutorProcess
  readonly #limits: FrameLimits
  readonly #pending = new Map<number, PendingCall>()
  readonly #splitter: FrameSplitter
  #nextId = 1
  #modelPath = ''
  #broken: PlatformError | undefined
  #isOverTime = false
  #isAlive = true
  #backstop: NodeJS.Timeout | undefined

  private constructor(process: ExecutorProcess, limits: FrameLimits, protections: ProtectionReport) {
    this.#process = process
    this.#limits = limits
    this.protections = protections
    this.#splitter = new FrameSplitter(limits)
  }

  /**
   * Starts an executor and resolves when it has given up its rights and waits for a model.
   *
   * @throws PlatformError `onnx.executor_unavailable`
   */
  static async start(options: ExecutorOptions): Promise<ExecutorClient> {
    const process = await spawnExecutor(options)
    const limits = {
      ...DEFAULT_FRAME_LIMITS,
      maxFrameBytes: options.maxFrameBytes ?? DEFAULT_FRAME_LIMITS.maxFrameBytes,
    }
    const ready = await awaitReady(process, limits, options.startTimeoutMs ?? DEFAULT_START_TIMEOUT_MS)
    const client = new ExecutorClient(process, limits, report(options, ready))
    process.frames.on('data', (chunk: Buffer) => client.#receive(chunk))
    void process.exited.then((exit) => client.#lose(exit))
    return client
  }

  get pid(): number {
    return this.#process.pid
  }

  /** False from the moment the process is known to be lost or being ended. */
  get isAlive(): boolean {
    return this.#isAlive
  }

  /** Resolves, never rejects, when the process is gone and every pending call has been rejected. */
  get exited(): Promise<ExecutorExit> {
    return this.#process.exited
  }

  /** Calls sent and not answered yet. */
  get pendingCount(): number {
    return this.#pending.size
  }

  /**
   * Loads the one model of this executor.
   *
   * @throws PlatformError `onnx.load_failed`, `onnx.load_crashed`, `onnx.load_timeout`, `onnx.memory_limit`, `onnx.unsupported`
   */
  async load(request: LoadRequest): Promise<LoadedModel> {
    this.#modelPath = request.path
    const reply = await this.#call('loaded', { type: 'load', ...request }, request.limitMs)
    return { signature: reply.signature, loadMs: reply.tookMs }
  }

  /**
   * Runs the model once. After `limitMs` of running, waiting not counted, the process is ended.
   *
   * @throws PlatformError `onnx.run_failed`, `onnx.memory_limit`, `serving.run_timeout`, `serving.executor_lost`; the last one has
   * `details.wasRunning`, false when the run never began and so cannot be the cause
   */
  async run(inputs: NamedTensors, limitMs: number): Promise<RunResult> {
    const reply = await this.#call('ran', { type: 'run', limitMs, tensors: inputs }, limitMs)
    return { outputs: reply.tensors, runTimeMs: reply.tookMs }
  }

  /** Frees the model; the process stays and may load another. */
  async unload(): Promise<void> {
    await this.#call('done', { type: 'unload' }, PING_LIMIT_MS)
  }

  /** Resolves when every call before it has been carried out. */
  async ping(): Promise<void> {
    await this.#call('done', { type: 'ping' }, PING_LIMIT_MS)
  }

  /** Ends the process now. Pending calls are rejected as lost. */
  kill(): void {
    this.#isAlive = false
    this.#process.kill()
  }

  /** Lets the process end by itself once it has carried out what is pending, at the latest after a second. */
  async close(): Promise<void> {
    this.#isAlive = false
    this.#process.frames.end()
    const timer = setTimeout(() => this.#process.kill(), CLOSE_GRACE_MS)
    await this.#process.exited
    clearTimeout(timer)
  }

  #call<T extends ReplyFrame['type']>(
    expected: T,
    request: WithoutId<RequestFrame>,
    limitMs: number,
  ): Promise<Extract<ReplyFrame, { type: T }>> {
    return new Promise((resolve, reject) => {
      if (!this.#isAlive) {
        throw new PlatformError('serving.executor_lost', 'The executor has ended.', {
          details: { wasRunning: false },
        })
      }
      const id = this.#nextId
      this.#nextId = (this.#nextId % 0xffff_ffff) + 1
      const bytes = encodeFrame({ ...request, id } as RequestFrame, this.#limits)
      const kind = request.type === 'load' || request.type === 'run' ? request.type : 'other'
      const accept = (reply: ReplyFrame) => {
        if (reply.type !== expected) return false
        resolve(reply as Extract<ReplyFrame, { type: T }>)
        return true
      }
      this.#pending.set(id, { kind, limitMs, accept, reject })
      if (this.#pending.size === 1) this.#armBackstop(limitMs)
      this.#process.frames.write(bytes)
    })
  }

  #receive(chunk: Buffer): void {
    if (this.#broken) return
    try {
      for (const raw of this.#splitter.push(chunk)) this.#settle(decodeReply(raw, this.#limits))
    } catch (error) {
      // An executor that breaks the protocol may be in the hands of its model.
      this.#broken = toPlatformError(error)
      this.kill()
    }
  }

  #settle(reply: ReplyFrame): void {
    const [head] = this.#pending
    if (!head || head[0] !== reply.id) {
      throw new PlatformError(
        'onnx.frame_invalid',
        `The executor answered ${reply.id}, which is not its turn.`,
      )
    }
    const call = head[1]
    const failure =
      reply.type === 'failed' ? failureError(reply.kind, reply.message, this.#modelPath) : undefined
    if (!failure && !call.accept(reply)) {
      throw new PlatformError(
        'onnx.frame_invalid',
        `The executor answered a ${call.kind} with "${reply.type}".`,
      )
    }
    this.#pending.delete(reply.id)
    if (failure) call.reject(failure)
    const [next] = this.#pending.values()
    this.#armBackstop(next?.limitMs)
  }

  /** The watchdog inside ends what takes too long; this ends a process whose watchdog has been disabled. */
  #armBackstop(limitMs: number | undefined): void {
    clearTimeout(this.#backstop)
    if (limitMs === undefined) return
    this.#backstop = setTimeout(() => {
      this.#isOverTime = true
      this.kill()
    }, limitMs + BACKSTOP_GRACE_MS)
  }

  #lose(seen: ExecutorExit): void {
    this.#isAlive = false
    clearTimeout(this.#backstop)
    const exit = this.#isOverTime ? { ...seen, lastWord: 'runTimeout' as const } : seen
    const calls = [...this.#pending.values()]
    this.#pending.clear()
    calls.forEach((call, index) => {
      const wasRunning = index === 0
      call.reject(wasRunning && this.#broken ? this.#broken : lossError(exit, call.kind, wasRunning))
    })
  }
}

function report(options: ExecutorOptions, ready: ReadyFrame): ProtectionReport {
  const { tools, memoryLimitBytes = 0 } = options
  const bound = tools?.prlimit ? 'rlimit' : 'watchdog'
  return {
    ownUser: process.getuid?.() === 0 ? { uid: ready.uid, gid: ready.gid } : undefined,
    memoryBound: memoryLimitBytes > 0 ? bound : 'none',
    noNetwork: tools?.unshare !== undefined,
    noFiles: tools?.prlimit !== undefined,
  }
}
