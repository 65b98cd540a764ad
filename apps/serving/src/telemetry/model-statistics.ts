import { PlatformError, systemClock } from '@understudy/core'
import {
  type BatchEnded,
  forEachInSlices,
  modelNotFound,
  noopObserver,
  type Predictor,
  type RequestEnded,
  type ServingObserver,
} from '@understudy/serving'
import { VersionCounters, type VersionStatistics } from './version-statistics.ts'

/** Beyond this the version that was counted first is forgotten. */
const VERSIONS_MAX = 10_000

/**
 * Counts for each version what the statistics of the Open Inference Protocol tell, whatever protocol a request came by.
 *
 * A request costs one look-up and a few additions. Only versions that answered are counted, so clients choose no key.
 */
export class ModelStatistics implements ServingObserver {
  readonly loadEnded = noopObserver.loadEnded
  readonly warmUpEnded = noopObserver.warmUpEnded
  readonly labelsMoved = noopObserver.labelsMoved
  readonly incident = noopObserver.incident
  readonly mirrorRunEnded = noopObserver.mirrorRunEnded
  readonly troubled = noopObserver.troubled
  readonly #models = new Map<string, Map<number, VersionCounters>>()
  readonly #versionsMax: number
  #versions = 0

  constructor(options: { readonly versionsMax?: number } = {}) {
    this.#versionsMax = options.versionsMax ?? VERSIONS_MAX
  }

  requestEnded({ servedBy, error, tookMs, times, startedAtMs }: RequestEnded): void {
    if (servedBy === undefined) return
    const counters = this.#counters(servedBy.model, servedBy.version)
    if (error === undefined) counters.succeeded(tookMs, times, startedAtMs + tookMs)
    else counters.failed(tookMs)
  }

  batchEnded({ id, requests, rows, failed, tookMs }: BatchEnded): void {
    if (failed >= requests) return
    this.#counters(id.name, id.version).ran(rows, Math.round((rows * (requests - failed)) / requests), tookMs)
  }

  /** What was counted of one version; zeros when nothing was. */
  of(model: string, version: number): VersionStatistics {
    return (this.#models.get(model)?.get(version) ?? new VersionCounters()).read(model, version)
  }

  #counters(model: string, version: number): VersionCounters {
    let versions = this.#models.get(model)
    if (versions === undefined) {
      versions = new Map()
      this.#models.set(model, versions)
    }
    const known = versions.get(version)
    if (known !== undefined) return known
    if (this.#versions >= this.#versionsMax) this.#forgetFirst()
    const made = new VersionCounters()
    versions.set(version, made)
    if (this.#models.get(model) !== versions) this.#models.set(model, versions)
    this.#versions += 1
    return made
  }

  #forgetFirst(): void {
    for (const [model, versions] of this.#models) {
      for (const version of versions.keys()) {
        versions.delete(version)
        this.#versions -= 1
        if (versions.size === 0) this.#models.delete(model)
        return
      }
    }
  }
}

/** Which versions statistics are asked of: all of one model, or one. */
export interface StatisticsQuery {
  readonly model: string
  readonly version?: number | undefined
}

/**
 * Statistics of the available versions that are asked for, as far as the predictor shows them; of a version that was never used zeros.
 *
 * @throws PlatformError `serving.model_not_found`, `serving.version_not_found`
 */
export function statisticsOf(
  predictor: Pick<Predictor, 'models' | 'versions'>,
  statistics: ModelStatistics,
  { model, version }: StatisticsQuery,
): readonly VersionStatistics[] {
  if (predictor.versions(model) === undefined) throw modelNotFound(model)
  const all = ofModel(predictor, statistics, model)
  if (version === undefined) return all
  const chosen = all.filter((one) => one.version === version)
  if (chosen.length > 0) return chosen
  throw new PlatformError('serving.version_not_found', `Model "${model}" has no version ${version} here.`)
}

/** The same of all models, one after the other; everything else runs in between, however many there are. */
export async function forEachStatistics(
  predictor: Pick<Predictor, 'models' | 'versions'>,
  statistics: ModelStatistics,
  act: (ofModel: readonly VersionStatistics[]) => void,
): Promise<void> {
  await forEachInSlices(predictor.models(), systemClock, (model) =>
    act(ofModel(predictor, statistics, model)),
  )
}

function ofModel(
  predictor: Pick<Predictor, 'versions'>,
  statistics: ModelStatistics,
  model: string,
): readonly VersionStatistics[] {
  const available = (predictor.versions(model) ?? []).filter(({ state }) => state === 'available')
  return available.map(({ version }) => statistics.of(model, version)).sort((a, b) => a.version - b.version)
}
