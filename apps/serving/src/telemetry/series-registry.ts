import { type LabelSet, labelSet } from '@understudy/telemetry/metrics'
import { TfServingSeries } from './tf-serving-series.ts'
import { VersionSeries } from './version-series.ts'

/** Series of a version stay for this long after the node was seen without it: long enough to be scraped once more. */
const KEEP_MS = 10 * 60_000
/** Something new makes room by forgetting what is old, no more often than this. */
const RETAIN_INTERVAL_MS = 60_000
/** What comes beyond is counted without labels. */
const VERSIONS_MAX = 10_000
/** Label for models that are none: what clients ask for must not become a label. */
const UNKNOWN = ''

/** What is counted of one model. */
export class ModelSeries {
  readonly labels: LabelSet
  readonly versions = new Map<number | null, VersionSeries>()
  /** Requests that were told to come again later, by the code of the error. */
  readonly rejected = new Map<string, number>()
  /** When it was first missed in the plan; undefined while it is there. */
  goneAtMs: number | undefined
  #tfServing: TfServingSeries | undefined

  constructor(name: string, nowMs: number) {
    this.labels = labelSet({ model: name }, nowMs)
  }

  get name(): string {
    return this.labels.pairs.model ?? UNKNOWN
  }

  get tfServing(): TfServingSeries {
    this.#tfServing ??= new TfServingSeries()
    return this.#tfServing
  }

  /** Undefined until something was counted in it. */
  get usedTfServing(): TfServingSeries | undefined {
    return this.#tfServing
  }
}

/** What the node holds. */
export interface Held {
  /** In the plan. */
  readonly models: Iterable<string>
  readonly versions: Iterable<{ readonly model: string; readonly version: number }>
}

export interface SeriesRegistryOptions {
  readonly held: () => Held
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Versions with series of their own. @defaultValue 10000 */
  readonly versionsMax?: number
}

/** All series, found by model and version. Bounded: what the node has not held for ten minutes is forgotten. */
export class SeriesRegistry {
  readonly #models = new Map<string, ModelSeries>()
  readonly #options: SeriesRegistryOptions
  #versions = 0
  #retainedAtMs = 0

  constructor(options: SeriesRegistryOptions) {
    this.#options = options
  }

  /** The series of a model that the node has been told of; those of the unknown model otherwise. */
  model(name: string): ModelSeries {
    return this.#models.get(name) ?? this.know(UNKNOWN)
  }

  /** The series of a model, made where there are none. Only names from the plan belong here. */
  know(name: string): ModelSeries {
    const known = this.#models.get(name)
    if (known !== undefined) return known
    const made = new ModelSeries(name, this.#options.now())
    this.#models.set(name, made)
    return made
  }

  /** The series of a version; null: of the requests for which none was selected. */
  version(model: ModelSeries, version: number | null): VersionSeries {
    return model.versions.get(version) ?? this.#newVersion(model, version)
  }

  models(): readonly ModelSeries[] {
    return [...this.#models.values()]
  }

  /** Forgets what is old. */
  retain(): void {
    const nowMs = this.#options.now()
    this.#retainedAtMs = nowMs
    const held = this.#options.held()
    const models = new Set(held.models)
    const versions = new Map<string, Set<number>>()
    for (const { model, version } of held.versions) {
      const numbers = versions.get(model)
      if (numbers === undefined) versions.set(model, new Set([version]))
      else numbers.add(version)
    }
    for (const model of this.#models.values()) {
      if (model.name === UNKNOWN) continue
      const modelIsOld = isOld(model, models.has(model.name), nowMs)
      const numbers = versions.get(model.name)
      for (const [number, series] of model.versions) {
        const isHeld = number === null ? !modelIsOld : (numbers?.has(number) ?? false)
        if (isOld(series, isHeld, nowMs) && model.versions.delete(number)) this.#versions -= 1
      }
      if (modelIsOld && model.versions.size === 0) this.#models.delete(model.name)
    }
  }

  #newVersion(model: ModelSeries, version: number | null): VersionSeries {
    const { now, versionsMax = VERSIONS_MAX } = this.#options
    const nowMs = now()
    if (nowMs - this.#retainedAtMs >= RETAIN_INTERVAL_MS) this.retain()
    if (this.#versions >= versionsMax && model.name !== UNKNOWN) return this.version(this.know(UNKNOWN), null)
    const made = new VersionSeries(model.name, version, nowMs)
    model.versions.set(version, made)
    this.#versions += 1
    return made
  }
}

/** Notes when a thing was first missed; true when that is long ago. */
function isOld(thing: { goneAtMs: number | undefined }, isHeld: boolean, nowMs: number): boolean {
  thing.goneAtMs = isHeld ? undefined : (thing.goneAtMs ?? nowMs)
  return thing.goneAtMs !== undefined && nowMs - thing.goneAtMs >= KEEP_MS
}
