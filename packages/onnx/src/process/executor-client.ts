import { type NamedTensors, PlatformError, type Signature, toPlatformError } from '@understudy/core'
import type { RunResult } from '@understudy/serving'
import { decodeReply } from '../frames/decode-frame.ts'
import type { ModelForm, ReplyFrame, RequestFrame } from '../frames/frame.ts'
import { FrameSplitter } from '../frames/frame-splitter.ts'
import { awaitReady } from './await-ready.ts'
import { Background, giveWayUntil } from './background.ts'
import { readPriorityFacts } from './background-priority.ts'
import { type FrameLimitsOfBoth, frameLimits } from './client-frame-limits.ts'
import type { ExecutorExit } from './executor-exit.ts'
import { DEFAULT_START_TIMEOUT_MS, type ExecutorOptions, type ProtectionReport } from './executor-options.ts'
import type { ExecutorProcess } from './executor-process.ts'
import { bytesBeside } from './external-bytes.ts'
import { FrameSender } from './frame-sender.ts'
import { type ModelPlace, modelPlace, NO_PLACE } from './model-place.ts'
import { type PendingCall, PendingCalls } from './pending-calls.ts'
import { Protections } from './protections.ts'
import { spawnExecutor } from './spawn-executor.ts'

export interface LoadRequest {
  /** Absolute path of the entry point, readable by the executor's user. */
  readonly path: string
  readonly form: ModelForm
  readonly intraOpThreads: number
  readonly limitMs: number
}

export interface LoadedModel {
  /** Number of the model inside this executor, never used twice. */
  readonly model: number
  readonly signature: Signature
  readonly loadMs: number
}

type Reply<T extends ReplyFrame['type']> = Extract<ReplyFrame, { type: T }>

/** How much longer than the watchdog the parent waits before it ends a process whose watchdog does not act. */
const BACKSTOP_GRACE_MS = 2_000
const BACKSTOP_EVERY_MS = 250
const CLOSE_GRACE_MS = 1_000
const PING_LIMIT_MS = 10_000

type CallFacts = Pick<PendingCall, 'kind' | 'limitMs' | 'place'>
interface Bounds {
  readonly protections: Protections
  readonly background: Background
}

const OTHER_CALL: CallFacts = { kind: 'other', limitMs: PING_LIMIT_MS, place: NO_PLACE }

/**
 * The parent's side of one executor process, which holds any number of models.
 *
 * Every call settles: with the answer, with the executor's failure, or, when the process ends for whatever reason, with the loss.
 * Calls may be made in parallel; the executor carries them out in order. What it sends is hostile until checked.
 */
export class ExecutorClient {
  readonly #process: ExecutorProcess
  readonly #limits: FrameLimitsOfBoth
  readonly #sender: FrameSender
  readonly #protections: Protections
  readonly #background: Background
  readonly #pending = new PendingCalls()
  readonly #splitter: FrameSplitter
  readonly #models = new Map<number, { readonly place: ModelPlace; readonly mappedBytes: number }>()
  readonly #backstop: NodeJS.Timeout
  #broken: PlatformError | undefined
  #overdue: number | undefined
  #isOverTime = false
  #isWanted = false
  #isAlive = true

  private constructor(
    process: ExecutorProcess,
    limits: FrameLimitsOfBoth,
    { protections, background }: Bounds,
  ) {
    this.#process = process
    this.#limits = limits
    this.#sender = new FrameSender(process.frames, limits.requests)
    this.#protections = protections
    this.#background = background
    this.#splitter = new FrameSplitter(limits.replies)
    this.#backstop = setInterval(() => this.#endOverdue(), BACKSTOP_EVERY_MS)
    this.#backstop.unref()
  }

  /**
   * Starts an executor and resolves when it has given up its rights and waits for a model.
   *
   * @throws PlatformError `onnx.executor_unavailable`
   */
  static async start(options: ExecutorOptions): Promise<ExecutorClient> {
    const process = await spawnExecutor(options)
    const limits = frameLimits(options)
    const background = new Background(process.pid, await readPriorityFacts(process.pid))
    const takeItsTurn = giveWayUntil(options.hurry, background)
    const ready = await awaitReady(
      process,
      limits.replies,
      options.startTimeoutMs ?? DEFAULT_START_TIMEOUT_MS,
    )
    await takeItsTurn().catch((error) => {
      process.kill()
      throw error
    })
    const protections = new Protections(options, { pid: process.pid, ready, background })
    const client = new ExecutorClient(process, limits, { protections, background })
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

  /** What it runs under at this moment. */
  get protections(): ProtectionReport {
    return this.#protections.report
  }

  /**
   * Loads a model beside those that are loaded. Calls behind it wait.
   *
   * @throws PlatformError `onnx.load_failed`, `onnx.unsupported`, `onnx.memory_limit`; when the process ended over it `onnx.load_crashed`,
   * `onnx.load_timeout`, `onnx.memory_limit`, `onnx.frame_invalid`; `serving.executor_lost` when it ended before
   */
  async load(request: LoadRequest): Promise<LoadedModel> {
    const mappedBytes = this.#protections.boundsMapped ? await bytesBeside(request.path) : 0
    await this.#protections.grantMapped(mappedBytes)
    const place = await modelPlace(request.path)
    const { form, limitMs } = request
    let keptBytes = 0
    try {
      const reply = await this.#call('loaded', (id) => ({ type: 'load', id, ...request }), {
        kind: 'load',
        limitMs,
        place,
      })
      keptBytes = form === 'mapped' ? mappedBytes : 0
      this.#models.set(reply.model, { place, mappedBytes: keptBytes })
      return { model: reply.model, signature: reply.signature, loadMs: reply.tookMs }
    } finally {
      // Nobody waits for less.
      void this.#protections.grantMapped(keptBytes - mappedBytes)
    }
  }

  /**
   * Runs a model once. After `limitMs` of running, waiting not counted, the process is ended.
   *
   * @throws PlatformError `onnx.run_failed` from a process that is well (`details.outOfMemory` when it could not have the memory); when
   * the process ended over this run `onnx.run_crashed`, `serving.run_timeout`, `onnx.memory_limit`, `onnx.frame_invalid`;
   * `serving.executor_lost` when it ended before it came to this run, or was closed
   */
  async run(model: number, inputs: NamedTensors, limitMs: number): Promise<RunResult> {
    const place = this.#models.get(model)?.place ?? NO_PLACE
    // Written out: see the hot path in the README of the node.
    const reply = await this.#call('ran', (id) => ({ type: 'run', id, model, limitMs, tensors: inputs }), {
      kind: 'run',
      limitMs,
      place,
    })
    return { outputs: reply.tensors, runTimeMs: reply.tookMs }
  }

  /**
   * Frees a model; the others stay.
   *
   * @throws PlatformError `serving.executor_lost`; `onnx.run_failed` when it is not loaded here
   */
  async unload(model: number): Promise<void> {
    await this.#call('done', (id) => ({ type: 'unload', id, model }))
    const mappedBytes = this.#models.get(model)?.mappedBytes ?? 0
    this.#models.delete(model)
    void this.#protections.grantMapped(-mappedBytes)
  }

  /**
   * Sets how much memory the running process may have, more or less than before. Resolves when it is in force. One at a time.
   *
   * @throws PlatformError `serving.executor_lost`; `onnx.executor_unavailable` when the system does not let it have more
   */
  async setMemoryLimit(bytes: number): Promise<void> {
    await this.#protections.limitMemory(bytes)
    await this.#call('done', (id) => ({ type: 'limit', id, memoryLimitBytes: bytes }))
  }

  /**
   * Makes the process give way to others, or lets it be as before. What that does, if anything, tells `protections.background`. In force
   * before it returns, unless the kernel is busy for some tens of milliseconds; the last call counts.
   *
   * @throws PlatformError `onnx.executor_unavailable` when the system does not give back the priority: replace the process
   */
  setBackground(on: boolean): Promise<void> {
    return this.#background.set(on)
  }

  /** Resolves when every call before it has been carried out. */
  async ping(): Promise<void> {
    await this.#call('done', (id) => ({ type: 'ping', id }))
  }

  /** Ends the process now. Pending calls are rejected as lost, and none is to blame. */
  kill(): void {
    this.#isWanted = true
    this.#end()
  }

  /** Lets the process end by itself once it has carried out what is pending, at the latest after a second. */
  async close(): Promise<void> {
    this.#isAlive = false
    this.#process.frames.end()
    const timer = setTimeout(() => this.kill(), CLOSE_GRACE_MS)
    await this.#process.exited
    clearTimeout(timer)
  }

  #call<T extends ReplyFrame['type']>(
    expected: T,
    frameOf: (id: number) => RequestFrame,
    { kind, limitMs, place }: CallFacts = OTHER_CALL,
  ): Promise<Reply<T>> {
    return new Promise((resolve, reject) => {
      if (!this.#isAlive) {
        const details = { wasRunning: false }
        throw new PlatformError('serving.executor_lost', 'The executor has ended.', { details })
      }
      const accept = (reply: ReplyFrame) => {
        if (reply.type !== expected) return false
        resolve(reply as Reply<T>)
        return true
      }
      const id = this.#pending.add({ kind, limitMs, place, accept, reject })
      try {
        this.#sender.send(frameOf(id))
      } catch (error) {
        this.#pending.forget(id)
        throw error
      }
    })
  }

  #receive(chunk: Buffer): void {
    if (this.#broken) return
    try {
      for (const raw of this.#splitter.push(chunk)) {
        this.#pending.settle(decodeReply(raw, this.#limits.replies), this.#protections.memoryLimitBytes)
      }
    } catch (error) {
      // An executor that breaks the protocol may be in the hands of its model.
      this.#broken = toPlatformError(error)
      this.#end()
    }
  }

  /** The watchdog inside ends what takes too long; this ends a process whose watchdog has been disabled. */
  #endOverdue(): void {
    const overdue = this.#pending.overdue(BACKSTOP_GRACE_MS)
    const isFirstLook = overdue !== this.#overdue
    this.#overdue = overdue
    // Its answer may lie there unread, if this process was the one that was blocked.
    if (overdue === undefined || isFirstLook) return
    this.#isOverTime = true
    this.#end()
  }

  #end(): void {
    this.#isAlive = false
    this.#process.kill()
  }

  #lose(seen: ExecutorExit): void {
    this.#isAlive = false
    clearInterval(this.#backstop)
    const exit = this.#isOverTime ? { ...seen, lastWord: 'runTimeout' as const } : seen
    const { memoryLimitBytes } = this.#protections
    const broken = this.#broken
    // What it did by itself before it was ended comes first.
    const isWanted = this.#isWanted && exit.lastWord === undefined && broken === undefined
    this.#pending.lose({ exit, broken, isWanted, memoryLimitBytes })
  }
}
