import type { PlannedVersion } from '@understudy/core'
import type {
  LoadContext,
  Loader,
  ModelServable,
  ResourceEstimate,
  ServableId,
  ServableRole,
  WarmUpReport,
} from '../servable.ts'
import { LoadedVersion, type LoadedVersionContext } from './loaded-version.ts'

/** Loads a model and builds around it what serving needs. */
export class VersionLoader implements Loader<LoadedVersion> {
  readonly #id: ServableId
  readonly #planned: PlannedVersion
  readonly #loader: Loader<ModelServable>
  readonly #context: LoadedVersionContext
  #loaded: LoadedVersion | undefined

  constructor(
    source: {
      readonly id: ServableId
      readonly planned: PlannedVersion
      readonly loader: Loader<ModelServable>
    },
    context: LoadedVersionContext,
  ) {
    this.#id = source.id
    this.#planned = source.planned
    this.#loader = source.loader
    this.#context = context
  }

  estimateResources(role: ServableRole): Promise<ResourceEstimate> {
    return this.#loader.estimateResources(role)
  }

  async load(context: LoadContext): Promise<LoadedVersion> {
    const model = await this.#loader.load(context)
    const source = { id: this.#id, planned: this.#planned, model, role: context.role }
    this.#loaded = new LoadedVersion(source, this.#context)
    return this.#loaded
  }

  async warmUp(loaded: LoadedVersion, signal: AbortSignal): Promise<WarmUpReport> {
    return (await this.#loader.warmUp?.(loaded.model, signal)) ?? { runs: 0, tookMs: 0 }
  }

  async unload(): Promise<void> {
    this.#loaded?.close()
    await this.#loader.unload()
  }
}
