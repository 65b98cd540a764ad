import type { LoaderHarness } from './loader-harness.ts'

/** Labels of one model and the generation of the plan they come from. */
export interface LabelSet {
  readonly labels: ReadonlyMap<string, number>
  readonly generation: number
}

export interface ServingModel<S> {
  /** Only versions that are available. */
  readonly versions: ReadonlyMap<number, LoaderHarness<S>>
  readonly labelSet: LabelSet | undefined
}

/**
 * Everything that requests are resolved against. What is held of one model is never changed, only replaced by one assignment; the work of a
 * change does not grow with the number of models.
 */
export class ServingMap<S> {
  readonly #models = new Map<string, ServingModel<S>>()

  get(name: string): ServingModel<S> | undefined {
    return this.#models.get(name)
  }

  values(): IterableIterator<ServingModel<S>> {
    return this.#models.values()
  }

  addVersion(harness: LoaderHarness<S>): void {
    const { name, version } = harness.id
    const model = this.#models.get(name)
    const versions = new Map(model?.versions).set(version, harness)
    this.#replace(name, { versions, labelSet: model?.labelSet })
  }

  /** Takes out this very harness; one that has taken its place stays. */
  removeVersion(harness: LoaderHarness<S>): void {
    const { name, version } = harness.id
    const model = this.#models.get(name)
    if (model?.versions.get(version) !== harness) return
    const versions = new Map(model.versions)
    versions.delete(version)
    this.#replace(name, { versions, labelSet: model.labelSet })
  }

  setLabels(name: string, labelSet: LabelSet | undefined): void {
    this.#replace(name, { versions: this.#models.get(name)?.versions ?? new Map(), labelSet })
  }

  #replace(name: string, model: ServingModel<S>): void {
    if (model.versions.size === 0 && model.labelSet === undefined) this.#models.delete(name)
    else this.#models.set(name, model)
  }
}
