import { isPlatformError, type NamedTensors, type PlatformError } from '@understudy/core'
import type { RunResult } from '@understudy/serving'
import { waitFor } from '@understudy/testing'
import type { ModelForm } from '../../src/frames/frame.ts'
import { ExecutorClient, type LoadedModel } from '../../src/process/executor-client.ts'
import type { ExecutorOptions } from '../../src/process/executor-options.ts'
import { probeSpawnTools, type SpawnTools } from '../../src/process/probe-spawn-tools.ts'
import { type BuiltExecutor, buildExecutor } from './executor-entry.ts'
import { ModelFolder } from './model-folder.ts'
import { processorTicks } from './processes.ts'

/** An executor with one model, which is what most tests need. */
export interface ServedModel extends LoadedModel {
  readonly client: ExecutorClient
  readonly modelPath: string
  run(inputs: NamedTensors, limitMs?: number): Promise<RunResult>
}

const PATIENCE_MS = 30_000

/** Executors of a freshly built entry, which end with the test that started them. */
export class ExecutorRig {
  readonly built: BuiltExecutor
  readonly folder: ModelFolder
  readonly tools: SpawnTools
  readonly #started: ExecutorClient[] = []
  #models = 0

  private constructor(built: BuiltExecutor, folder: ModelFolder, tools: SpawnTools) {
    this.built = built
    this.folder = folder
    this.tools = tools
  }

  static async create(): Promise<ExecutorRig> {
    return new ExecutorRig(...(await Promise.all([buildExecutor(), ModelFolder.create(), probeSpawnTools()])))
  }

  async start(options: Partial<ExecutorOptions> = {}): Promise<ExecutorClient> {
    const client = await ExecutorClient.start({ entry: this.built.entry, tools: this.tools, ...options })
    this.#started.push(client)
    return client
  }

  async load(
    client: ExecutorClient,
    model: Uint8Array,
    { form = 'prepacked' as ModelForm, limitMs = PATIENCE_MS } = {},
  ): Promise<ServedModel> {
    this.#models += 1
    const modelPath = await this.folder.write(`model-${this.#models}.onnx`, model)
    const loaded = await client.load({ path: modelPath, form, intraOpThreads: 1, limitMs })
    const run = (inputs: NamedTensors, runLimitMs = PATIENCE_MS) =>
      client.run(loaded.model, inputs, runLimitMs)
    return { ...loaded, client, modelPath, run }
  }

  async startWith(model: Uint8Array, options: Partial<ExecutorOptions> = {}): Promise<ServedModel> {
    return this.load(await this.start(options), model)
  }

  async endStarted(): Promise<void> {
    for (const client of this.#started.splice(0)) {
      client.kill()
      await client.exited
    }
  }

  async remove(): Promise<void> {
    await Promise.all([this.built.remove(), this.folder.remove()])
  }
}

export async function failureOf(promise: Promise<unknown>): Promise<PlatformError> {
  const error: unknown = await promise.then(
    () => new Error('it did not fail'),
    (reason) => reason,
  )
  if (!isPlatformError(error)) throw error
  return error
}

/** Waits until the executor is busy in native code. */
export async function untilBusy(client: ExecutorClient): Promise<void> {
  const before = await processorTicks(client.pid)
  await waitFor('the executor to be busy', async () => (await processorTicks(client.pid)) > before + 10)
}
