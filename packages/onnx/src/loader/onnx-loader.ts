import {
  type Clock,
  type NamedTensors,
  type PlannedVersion,
  PlatformError,
  type Signature,
  systemClock,
} from '@understudy/core'
import type { LoadContext, Loader, ModelServable, ResourceEstimate, WarmUpReport } from '@understudy/serving'
import { compareContract } from '../contract/compare-contract.ts'
import { ExecutorClient } from '../process/executor-client.ts'
import type { ExecutorOptions } from '../process/executor-options.ts'
import { estimateMemoryBytes } from './estimate-memory.ts'
import type { ExecutorEvent } from './executor-events.ts'
import { OnnxServable } from './onnx-servable.ts'
import { warmUp } from './warm-up.ts'

export interface OnnxLoaderOptions {
  /** Absolute path of the entry point on this machine, readable by the executor's user. External data lie beside it. */
  readonly modelPath: string
  readonly planned: Pick<PlannedVersion, 'signature' | 'batchable' | 'runtime' | 'files'>
  /** Golden requests for warm-up; without any, inputs are made up. */
  readonly warmUpInputs: readonly NamedTensors[]
  readonly executor: ExecutorOptions
  /** @defaultValue 120000 */
  readonly loadTimeoutMs?: number | undefined
  readonly clock?: Clock | undefined
  readonly onEvent?: ((event: ExecutorEvent) => void) | undefined
}

const DEFAULT_LOAD_TIMEOUT_MS = 120_000

/** Loads one model version into an executor process of its own, and ends that process at unload. */
export class OnnxLoader implements Loader<ModelServable> {
  readonly #options: OnnxLoaderOptions
  readonly #clock: Clock
  #servable: OnnxServable | undefined

  constructor(options: OnnxLoaderOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  async estimateResources(): Promise<ResourceEstimate> {
    return { memoryBytes: estimateMemoryBytes(this.#options.planned.files), executors: 1 }
  }

  /**
   * @throws PlatformError `onnx.executor_unavailable`, `onnx.load_failed`, `onnx.load_crashed`, `onnx.load_timeout`,
   * `onnx.memory_limit`, `onnx.unsupported`, `serving.cancelled`
   */
  async load(context: LoadContext): Promise<ModelServable> {
    const { planned, onEvent } = this.#options
    const { client, signature } = await this.#start(context.signal)
    this.#servable = new OnnxServable(
      {
        signature,
        batchable: planned.batchable,
        runTimeoutMs: planned.runtime.runTimeoutMs,
        retryWithinMs: planned.runtime.timeoutMs,
        replace: (signal) => this.#startWarm(signal),
        clock: this.#clock,
        onEvent: (event) => onEvent?.({ id: context.id, ...event }),
      },
      client,
    )
    return this.#servable
  }

  async warmUp(servable: ModelServable, signal: AbortSignal): Promise<WarmUpReport> {
    const plan = { inputs: this.#options.warmUpInputs, signature: servable.signature }
    return warmUp(plan, async (inputs) => (await servable.run(inputs)).outputs, signal)
  }

  async unload(): Promise<void> {
    await this.#servable?.close()
    this.#servable = undefined
  }

  async #startWarm(signal: AbortSignal): Promise<ExecutorClient> {
    const { client, signature } = await this.#start(signal)
    const { warmUpInputs: inputs, planned } = this.#options
    try {
      const run = async (request: NamedTensors) =>
        (await client.run(request, planned.runtime.runTimeoutMs)).outputs
      await warmUp({ inputs, signature }, run, signal)
      return client
    } catch (error) {
      await client.close()
      throw error
    }
  }

  async #start(signal: AbortSignal): Promise<{ client: ExecutorClient; signature: Signature }> {
    if (signal.aborted) throw cancelled()
    const { executor, modelPath, planned, loadTimeoutMs = DEFAULT_LOAD_TIMEOUT_MS } = this.#options
    const client = await ExecutorClient.start(executor)
    const kill = () => client.kill()
    signal.addEventListener('abort', kill)
    if (signal.aborted) kill()
    try {
      const { signature } = await client.load({
        path: modelPath,
        intraOpThreads: planned.runtime.intraOpThreads,
        limitMs: loadTimeoutMs,
      })
      assertAsPlanned(planned.signature, signature)
      return { client, signature }
    } catch (error) {
      await client.close()
      throw signal.aborted ? cancelled() : error
    } finally {
      signal.removeEventListener('abort', kill)
    }
  }
}

/** The bytes were proved in quarantine; another signature here means other bytes or another runtime. */
function assertAsPlanned(planned: Signature, loaded: Signature): void {
  const [difference] = compareContract(planned, loaded)
  if (difference !== undefined) {
    throw new PlatformError('onnx.load_failed', `The loaded model is not the validated one: ${difference}.`)
  }
}

function cancelled(): PlatformError {
  return new PlatformError('serving.cancelled', 'The load was given up.')
}
