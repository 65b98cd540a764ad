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

/** Everything that requests are resolved against. Never changed, only replaced as a whole by one assignment. */
export type ServingMap<S> = ReadonlyMap<string, ServingModel<S>>

function replaced<S>(map: ServingMap<S>, name: string, model: ServingModel<S>): ServingMap<S> {
  const next = new Map(map)
  if (model.versions.size === 0 && model.labelSet === undefined) next.delete(name)
  else next.set(name, model)
  return next
}

export function withVersion<S>(map: ServingMap<S>, harness: LoaderHarness<S>): ServingMap<S> {
  const { name, version } = harness.id
  const model = map.get(name)
  const versions = new Map(model?.versions).set(version, harness)
  return replaced(map, name, { versions, labelSet: model?.labelSet })
}

export function withoutVersion<S>(map: ServingMap<S>, harness: LoaderHarness<S>): ServingMap<S> {
  const { name, version } = harness.id
  const model = map.get(name)
  if (model?.versions.get(version) !== harness) return map
  const versions = new Map(model.versions)
  versions.delete(version)
  return replaced(map, name, { versions, labelSet: model.labelSet })
}

export function withLabels<S>(
  map: ServingMap<S>,
  name: string,
  labelSet: LabelSet | undefined,
): ServingMap<S> {
  return replaced(map, name, { versions: map.get(name)?.versions ?? new Map(), labelSet })
}
