import type { CapturePlan, MirrorPlan, PlannedVersion, ServingPlan, TensorSpec } from '@understudy/core'

/** A series that the plan mirrors, and its two versions. */
export interface PlannedSeries {
  readonly model: string
  readonly mirror: MirrorPlan
  readonly baseline: PlannedVersion
  readonly candidate: PlannedVersion
}

/** What counting and keeping need of the plan: the series that are mirrored, with their versions, and what models keep. */
export class MirroredSeries {
  readonly #onChange: () => void
  #models: ServingPlan['models'] | undefined
  #series: ReadonlyMap<string, PlannedSeries> = new Map()
  #captures: ReadonlyMap<string, CapturePlan> = new Map()

  /** @param onChange called after another plan was taken */
  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  /** Series of the newest plan, by id. */
  get series(): ReadonlyMap<string, PlannedSeries> {
    return this.#series
  }

  /** What is kept of live requests, of each model that keeps any. */
  get captures(): ReadonlyMap<string, CapturePlan> {
    return this.#captures
  }

  /** Series whose run times are compared. */
  comparedSeries(): ReadonlySet<string> {
    const compared = [...this.#series].filter(([, { mirror }]) => mirror.latency !== null)
    return new Set(compared.map(([seriesId]) => seriesId))
  }

  /** Whether a model asks to keep inputs of clients. */
  get keepsInputs(): boolean {
    return this.#captures.size > 0 || [...this.#series.values()].some(({ mirror }) => mirror.storeInputs)
  }

  /** Whether there has been a plan: what it does not name is not wanted. */
  get isPlanned(): boolean {
    return this.#models !== undefined
  }

  /** Takes the newest plan. The same models again cost nothing. */
  take({ models }: ServingPlan): void {
    if (models === this.#models) return
    this.#models = models
    const series = new Map<string, PlannedSeries>()
    const captures = new Map<string, CapturePlan>()
    for (const { model, mirror, versions, capture } of models) {
      if (capture !== null) captures.set(model, capture)
      const baseline = versions.find((version) => version.number === mirror?.baseline)
      const candidate = versions.find((version) => version.number === mirror?.candidate)
      if (mirror && baseline && candidate) series.set(mirror.seriesId, { model, mirror, baseline, candidate })
    }
    this.#series = series
    this.#captures = captures
    this.#onChange()
  }

  /** Outputs of the baseline of a series that the plan mirrors; empty when it does not any more. */
  baselineOutputs(mirror: MirrorPlan): readonly TensorSpec[] {
    return this.#series.get(mirror.seriesId)?.baseline.signature.outputs ?? []
  }
}
