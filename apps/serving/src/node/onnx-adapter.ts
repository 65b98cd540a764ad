import { readFile } from 'node:fs/promises'
import { isPlatformError, type NamedTensors, type PlannedVersion } from '@understudy/core'
import type { ArtifactStore } from '@understudy/gitops/artifacts'
import {
  type ExecutorEvent,
  type ExecutorPool,
  goldenRequests,
  type IngestedVersion,
  OnnxLoader,
  type VersionIncident,
} from '@understudy/onnx'
import type {
  LoadContext,
  Loader,
  ModelServable,
  ResourceEstimate,
  ServableRole,
  SourceAdapter,
  WarmUpReport,
} from '@understudy/serving'
import type { VersionLease, VersionStore } from '../versions/version-store.ts'

export interface OnnxAdapterOptions {
  /** Where golden samples are read from. */
  readonly store: ArtifactStore
  readonly versions: VersionStore
  readonly pool: ExecutorPool
  readonly onEvent: (event: ExecutorEvent) => void
  /** A version of that digest ended an executor. */
  readonly onIncident: (incident: VersionIncident, digest: string) => void
}

/** Golden files above this size warm nothing up: they would only delay the load. */
const WARM_UP_FILE_BYTES_MAX = 256 * 1024

/** Before the version is on disk: what it needs is then counted as if nothing could be shared. */
const NOT_INGESTED: IngestedVersion = { path: '', weightsBytes: 0, mappable: false }
const NEVER = new AbortController().signal

/**
 * Loads a planned version: brings it onto this node's disk, verified and in its own form, then loads it into the executors of the pool.
 *
 * It stays there as long as it is planned, so that a node can start again while everything else is away.
 */
class PlannedLoader implements Loader<ModelServable> {
  readonly #planned: PlannedVersion
  readonly #options: OnnxAdapterOptions
  #lease: VersionLease | undefined
  #loader: OnnxLoader | undefined

  constructor(planned: PlannedVersion, options: OnnxAdapterOptions) {
    this.#planned = planned
    this.#options = options
  }

  async estimateResources(role: ServableRole): Promise<ResourceEstimate> {
    const ingested = await this.#options.versions.peek(this.#planned)
    return await this.#create(ingested ?? NOT_INGESTED, []).estimateResources(role)
  }

  async load(context: LoadContext): Promise<ModelServable> {
    const { versions } = this.#options
    this.#lease = await versions.acquire(this.#planned, context.signal)
    const { ingested } = this.#lease
    try {
      return await this.#loadFrom(ingested, context)
    } catch (error) {
      // The bytes may have become other ones behind the node's back. If so they are made again, and that was the reason.
      if (!mayBeDamaged(error) || !(await versions.repair(this.#planned))) throw error
      await this.#loader?.unload()
      return await this.#loadFrom(ingested, context)
    }
  }

  async warmUp(servable: ModelServable, signal: AbortSignal): Promise<WarmUpReport> {
    return (await this.#loader?.warmUp(servable, signal)) ?? { runs: 0, tookMs: 0 }
  }

  async unload(): Promise<void> {
    try {
      await this.#loader?.unload()
    } finally {
      this.#lease?.release()
    }
  }

  async #loadFrom(ingested: IngestedVersion, context: LoadContext): Promise<ModelServable> {
    this.#loader = this.#create(ingested, await this.#warmUpInputs())
    return await this.#loader.load(context)
  }

  /** A lost executor may have died of a file that was cut off: its replacement finds it whole again. */
  #checkFiles(): void {
    const { versions } = this.#options
    versions.acquire(this.#planned, NEVER).then(
      (lease) => lease.release(),
      () => undefined, // The replacement fails and says why.
    )
  }

  #create(ingested: IngestedVersion, warmUpInputs: readonly NamedTensors[]): OnnxLoader {
    const { pool, onEvent, onIncident } = this.#options
    return new OnnxLoader({
      ...{ ingested, pool, warmUpInputs },
      planned: this.#planned,
      onEvent: (event) => {
        onEvent(event)
        if (mayBeOfDamage(event)) this.#checkFiles()
      },
      onIncident: (incident) => onIncident(incident, this.#planned.digest),
    })
  }

  /** Samples may have changed since they were validated: those that do not fit any more warm nothing up. */
  async #warmUpInputs(): Promise<readonly NamedTensors[]> {
    const { golden, signature } = this.#planned
    const inputs: NamedTensors[] = []
    for (const file of golden.filter((one) => one.sizeBytes <= WARM_UP_FILE_BYTES_MAX)) {
      try {
        const content = await readFile(this.#options.store.path(file.sha256), 'utf8')
        inputs.push(...goldenRequests([{ path: file.path, content }], signature))
      } catch {
        // Without this file the executor is warmed up with the others, or with made-up inputs.
      }
    }
    return inputs
  }
}

/** Only what maps its weights dies of a file that is cut off. */
function mayBeOfDamage(event: ExecutorEvent): boolean {
  if (event.type === 'lost') return event.form === 'mapped'
  return event.type === 'replacementFailed' || event.type === 'moveFailed'
}

function mayBeDamaged(error: unknown): boolean {
  return isPlatformError(error) && (error.code === 'onnx.load_failed' || error.code === 'onnx.load_crashed')
}

/** Makes the loader of a planned version; a version that already failed at its source stays failed. */
export function createOnnxAdapter(
  options: OnnxAdapterOptions,
): SourceAdapter<PlannedVersion, Loader<ModelServable>> {
  return {
    adapt: (input) =>
      'error' in input ? input : { id: input.id, data: new PlannedLoader(input.data, options) },
  }
}
