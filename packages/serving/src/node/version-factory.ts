import { type Clock, type PlannedVersion, type PlatformError, versionName } from '@understudy/core'
import type { Limiter } from '../manager/limiter.ts'
import type { LoadRetry } from '../manager/load-retry.ts'
import type { LoaderFactory } from '../manager/loader-harness.ts'
import type { ResourceTracker } from '../manager/resource-tracker.ts'
import type { LoadedVersion, LoadedVersionContext } from '../predict/loaded-version.ts'
import { ObservedLoader } from '../predict/observed-loader.ts'
import { VersionLoader } from '../predict/version-loader.ts'
import { OnDemandLoader } from '../residency/on-demand-loader.ts'
import type {
  LoadContext,
  Loader,
  ModelServable,
  ServableData,
  ServableId,
  SourceAdapter,
} from '../servable.ts'

export interface VersionFactoryOptions {
  readonly adapter: SourceAdapter<PlannedVersion, Loader<ModelServable>>
  readonly loaded: LoadedVersionContext
  readonly contextOf: (id: ServableId) => Omit<LoadContext, 'id' | 'signal'>
  readonly tracker: ResourceTracker
  /** Bounds loads on demand; others have their own bound, so that neither waits for the other. */
  readonly slots: Limiter
  readonly retry: LoadRetry
  readonly clock: Clock
  /** Another version of the model serves here. */
  readonly isServed: (model: string) => boolean
  readonly onTrouble: (id: ServableId, error: PlatformError | undefined) => void
  readonly onUnloadError: (error: PlatformError) => void
}

type Planned = { readonly id: ServableId; readonly data: PlannedVersion }

/** Makes the loaders of planned versions, resident or on demand, and remembers whose bytes they took. */
export class VersionFactory {
  readonly #options: VersionFactoryOptions
  readonly #digests = new Map<string, string>()

  constructor(options: VersionFactoryOptions) {
    this.#options = options
  }

  /** Digest that a version was last loaded from, or was tried to. */
  digestOf(id: ServableId): string | undefined {
    return this.#digests.get(versionName(id.name, id.version))
  }

  forget(id: ServableId): void {
    this.#digests.delete(versionName(id.name, id.version))
  }

  toFactory(version: ServableData<PlannedVersion>): ServableData<LoaderFactory<LoadedVersion>> {
    if ('error' in version) return version
    const { id, data: planned } = version
    const createLoader = () => {
      this.#digests.set(versionName(id.name, id.version), planned.digest)
      const loader = planned.runtime.resident ? this.#adapt(version) : this.#onDemand(version)
      return new VersionLoader({ id, planned, loader }, this.#options.loaded)
    }
    return { id, content: planned.digest, data: createLoader }
  }

  #adapt(version: Planned): Loader<ModelServable> {
    const adapted = this.#options.adapter.adapt(version)
    if ('error' in adapted) throw adapted.error
    const { id, data: planned } = version
    const { clock, observer } = this.#options.loaded
    return new ObservedLoader(adapted.data, { id, planned, clock, observer })
  }

  #onDemand(version: Planned): Loader<ModelServable> {
    const { isServed, onTrouble, ...others } = this.#options
    return new OnDemandLoader(version.data, {
      ...others,
      createLoader: () => this.#adapt(version),
      isProofWanted: () => isServed(version.id.name),
      onTrouble: (error) => onTrouble(version.id, error),
    })
  }
}
