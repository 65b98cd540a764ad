import { type PlannedVersion, toPlatformError } from '@understudy/core'
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

/** Loads a model and builds around it what serving needs; tells the observer how long it took. */
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
    const { observer } = this.#context
    const model = await this.#timed(
      () => this.#loader.load(context),
      (event) => observer.loadEnded(event),
    )
    this.#loaded = new LoadedVersion(
      { id: this.#id, planned: this.#planned, model, role: context.role },
      this.#context,
    )
    return this.#loaded
  }

  async warmUp(loaded: LoadedVersion, signal: AbortSignal): Promise<WarmUpReport> {
    const { observer } = this.#context
    const loader = this.#loader
    if (loader.warmUp === undefined) return { runs: 0, tookMs: 0 }
    let runs = 0
    return await this.#timed(
      async () => {
        const report = (await loader.warmUp?.(loaded.model, signal)) ?? { runs: 0, tookMs: 0 }
        runs = report.runs
        return report
      },
      (event) => observer.warmUpEnded({ ...event, runs }),
    )
  }

  async unload(): Promise<void> {
    this.#loaded?.close()
    await this.#loader.unload()
  }

  async #timed<R>(
    task: () => Promise<R>,
    tell: (event: Parameters<LoadedVersionContext['observer']['loadEnded']>[0]) => void,
  ): Promise<R> {
    const { clock } = this.#context
    const startedAtMs = clock.now()
    const beganMs = clock.monotonicMs()
    const event = (error?: unknown) => ({
      ...{ id: this.#id, planned: this.#planned, startedAtMs, tookMs: clock.monotonicMs() - beganMs },
      error: error === undefined ? undefined : toPlatformError(error),
    })
    try {
      const result = await task()
      tell(event())
      return result
    } catch (error) {
      tell(event(error))
      throw error
    }
  }
}
