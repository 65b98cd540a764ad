import {
  isPlatformError,
  type MeasuredCost,
  modelConfigSchema,
  type NamedTensors,
  type Signature,
} from '@understudy/core'
import type { ServableRole } from '@understudy/serving'
import { waitFor } from '@understudy/testing'
import type { ExecutorEvent, VersionIncident } from '../../src/loader/executor-events.ts'
import { OnnxLoader, type OnnxLoaderOptions } from '../../src/loader/onnx-loader.ts'
import type { OnnxServable } from '../../src/loader/onnx-servable.ts'
import { ExecutorPool } from '../../src/pool/executor-pool.ts'
import type { BackgroundMeans } from '../../src/process/background-priority.ts'
import { ExecutorClient } from '../../src/process/executor-client.ts'
import { probeSpawnTools, type SpawnTools } from '../../src/process/probe-spawn-tools.ts'
import { Starter } from '../../src/starter/starter.ts'
import { type BuiltExecutor, buildExecutor } from './executor-entry.ts'
import { floats } from './in-process.ts'
import { ModelFolder } from './model-folder.ts'
import { processesOf } from './processes.ts'

const { runtime } = modelConfigSchema.parse({})

export const X: NamedTensors = new Map([['x', floats([2, 4], 1, 2, 3, 4, -1, -2, -3, -4)]])
export const LINEAR: Signature = {
  inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 4] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 3] }],
}
export const NEVER = new AbortController().signal
/** What a small model costs in quarantine. */
export const SMALL: MeasuredCost = { loadMs: 1, memoryBytes: 110 * 1024 * 1024 }

export interface RigModel extends Partial<OnnxLoaderOptions> {
  readonly name?: string
  readonly role?: ServableRole
  readonly measured?: MeasuredCost | null
  readonly signature?: Signature
  readonly runTimeoutMs?: number
  readonly timeoutMs?: number
}

/** A pool of real executors, models for it, and what it told. */
export class PoolRig {
  readonly folder: ModelFolder
  readonly events: ExecutorEvent[] = []
  readonly incidents: VersionIncident[] = []
  /** As in a node: it starts every executor of the pool. */
  readonly starter: Starter
  readonly #built: BuiltExecutor
  readonly #loaders: OnnxLoader[] = []
  readonly #tools: SpawnTools
  #pool: ExecutorPool | undefined

  private constructor(built: BuiltExecutor, folder: ModelFolder, tools: SpawnTools) {
    this.#built = built
    this.folder = folder
    this.#tools = tools
    this.starter = new Starter({ entry: built.starter })
  }

  static async create(): Promise<PoolRig> {
    return new PoolRig(...(await Promise.all([buildExecutor(), ModelFolder.create(), probeSpawnTools()])))
  }

  get pool(): ExecutorPool {
    this.#pool ??= new ExecutorPool({
      executor: { entry: this.#built.entry, tools: this.#tools, starter: this.starter },
    })
    return this.#pool
  }

  /** Resolves when a spare stands ready. */
  async withSpare(): Promise<void> {
    this.pool.start()
    await waitFor('a spare', () => this.pool.processes().some(({ kind }) => kind === 'spare'))
  }

  loader(path: string, model: RigModel = {}): OnnxLoader {
    // A busy machine may need its time to start a process: runs wait that long for a replacement.
    const { runTimeoutMs = 5_000, timeoutMs = 20_000, signature = LINEAR, measured = SMALL } = model
    const loader = new OnnxLoader({
      planned: {
        ...{ signature, measured, batchable: true, files: [] },
        runtime: { ...runtime, timeoutMs, runTimeoutMs },
      },
      ingested: { path, weightsBytes: 0, mappable: false },
      pool: this.pool,
      warmUpInputs: [X],
      onEvent: (event) => this.events.push(event),
      onIncident: (incident) => this.incidents.push(incident),
      ...model,
    })
    this.#loaders.push(loader)
    return loader
  }

  /** Loads and warms up. */
  async serve(path: string, model: RigModel = {}): Promise<OnnxServable> {
    const loader = this.loader(path, model)
    const id = { name: model.name ?? 'model', version: 1 }
    const { signal } = new AbortController()
    const servable = await loader.load({ id, signal, role: model.role ?? 'live' })
    await loader.warmUp(servable, signal)
    return servable as OnnxServable
  }

  /** How executors can be made to give way on this machine. */
  async background(): Promise<BackgroundMeans> {
    const client = await ExecutorClient.start({ entry: this.#built.entry, tools: this.#tools })
    const { background } = client.protections
    client.kill()
    await client.exited
    return background
  }

  /** Processes of this rig that run now. */
  pids(): Promise<number[]> {
    return processesOf(this.#built.entry)
  }

  eventTypes(): string[] {
    return this.events.map(({ type }) => type)
  }

  /** Unloads everything; gives the processes that are left then. */
  async reset(): Promise<number[]> {
    await Promise.all(this.#loaders.splice(0).map((loader) => loader.unload()))
    await this.#pool?.close()
    this.#pool = undefined
    this.events.length = 0
    this.incidents.length = 0
    return await this.pids()
  }

  async remove(): Promise<void> {
    await this.starter.close()
    await Promise.all([this.#built.remove(), this.folder.remove()])
  }
}

export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'answered'
  } catch (error) {
    return isPlatformError(error) ? error.code : String(error)
  }
}
