import { type Clock, type PlannedVersion, toPlatformError } from '@understudy/core'
import type { LoadEnded, ServingObserver } from '../observer.ts'
import type {
  LoadContext,
  Loader,
  ModelServable,
  ResourceEstimate,
  ServableId,
  ServableRole,
  WarmUpReport,
} from '../servable.ts'

export interface ObservedLoaderOptions {
  readonly id: ServableId
  readonly planned: PlannedVersion
  readonly clock: Clock
  readonly observer: ServingObserver
}

/** The same loader; tells the observer how long loading and warming up took, or why they failed. */
export class ObservedLoader implements Loader<ModelServable> {
  readonly #loader: Loader<ModelServable>
  readonly #options: ObservedLoaderOptions

  constructor(loader: Loader<ModelServable>, options: ObservedLoaderOptions) {
    this.#loader = loader
    this.#options = options
  }

  estimateResources(role: ServableRole): Promise<ResourceEstimate> {
    return this.#loader.estimateResources(role)
  }

  load(context: LoadContext): Promise<ModelServable> {
    const { observer } = this.#options
    return this.#timed(
      () => this.#loader.load(context),
      (event) => observer.loadEnded(event),
    )
  }

  async warmUp(model: ModelServable, signal: AbortSignal): Promise<WarmUpReport> {
    const { observer } = this.#options
    const loader = this.#loader
    if (loader.warmUp === undefined) return { runs: 0, tookMs: 0 }
    let runs = 0
    return await this.#timed(
      async () => {
        const report = (await loader.warmUp?.(model, signal)) ?? { runs: 0, tookMs: 0 }
        runs = report.runs
        return report
      },
      (event) => observer.warmUpEnded({ ...event, runs }),
    )
  }

  unload(): Promise<void> {
    return this.#loader.unload()
  }

  async #timed<R>(task: () => Promise<R>, tell: (event: LoadEnded) => void): Promise<R> {
    const { id, planned, clock } = this.#options
    const startedAtMs = clock.now()
    const beganMs = clock.monotonicMs()
    const event = (error?: unknown) => ({
      ...{ id, planned, startedAtMs, tookMs: clock.monotonicMs() - beganMs },
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
