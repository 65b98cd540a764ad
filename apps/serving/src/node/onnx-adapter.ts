import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { NamedTensors, PlannedVersion } from '@understudy/core'
import type { ArtifactStore } from '@understudy/gitops/artifacts'
import { type ExecutorEvent, type ExecutorOptions, goldenRequests, OnnxLoader } from '@understudy/onnx'
import type {
  LoadContext,
  Loader,
  ModelServable,
  ResourceEstimate,
  SourceAdapter,
  WarmUpReport,
} from '@understudy/serving'

export interface OnnxAdapterOptions {
  readonly store: ArtifactStore
  /** Version directories of this node, by digest. */
  readonly folder: string
  readonly executor: ExecutorOptions
  readonly onEvent: (event: ExecutorEvent) => void
}

/** Golden files above this size warm nothing up: they would only delay the load. */
const WARM_UP_FILE_BYTES_MAX = 256 * 1024

/**
 * Loads a planned version: brings its files into this node's own folder, verified, then starts an executor on them.
 *
 * The files stay when a version is unloaded, so that a node can start again while everything else is away.
 */
class PlannedLoader implements Loader<ModelServable> {
  readonly #planned: PlannedVersion
  readonly #options: OnnxAdapterOptions
  readonly #directory: string
  #loader: OnnxLoader | undefined

  constructor(planned: PlannedVersion, options: OnnxAdapterOptions) {
    this.#planned = planned
    this.#options = options
    this.#directory = path.join(options.folder, planned.digest)
  }

  async estimateResources(): Promise<ResourceEstimate> {
    return await this.#create([]).estimateResources()
  }

  async load(context: LoadContext): Promise<ModelServable> {
    await this.#options.store.materialize(this.#planned.files, this.#directory)
    this.#loader = this.#create(await this.#warmUpInputs())
    return await this.#loader.load(context)
  }

  async warmUp(servable: ModelServable, signal: AbortSignal): Promise<WarmUpReport> {
    return (await this.#loader?.warmUp(servable, signal)) ?? { runs: 0, tookMs: 0 }
  }

  async unload(): Promise<void> {
    await this.#loader?.unload()
  }

  #create(warmUpInputs: readonly NamedTensors[]): OnnxLoader {
    const { executor, onEvent } = this.#options
    return new OnnxLoader({
      modelPath: path.join(this.#directory, this.#planned.entryPoint),
      planned: this.#planned,
      warmUpInputs,
      executor,
      onEvent,
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

/** Makes the loader of a planned version; a version that already failed at its source stays failed. */
export function createOnnxAdapter(
  options: OnnxAdapterOptions,
): SourceAdapter<PlannedVersion, Loader<ModelServable>> {
  return {
    adapt: (input) =>
      'error' in input ? input : { id: input.id, data: new PlannedLoader(input.data, options) },
  }
}
