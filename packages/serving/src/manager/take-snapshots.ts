import type { ServableId, ServableRole } from '../servable.ts'
import type { ServableStateSnapshot } from './aspired-version-policy.ts'
import type { LoaderHarness } from './loader-harness.ts'
import { type ResourceTracker, refusedBytes } from './resource-tracker.ts'
import type { LabelSet } from './serving-map.ts'

/** What a version is for, as far as policies ask. */
export interface VersionPlace {
  readonly role: ServableRole
  /** A label of the plan points to it. */
  readonly promised: boolean
}

export interface SnapshotSource<S> {
  readonly harnesses: readonly LoaderHarness<S>[]
  /** Numbers in the order of aspiration. */
  readonly aspired: readonly number[]
  readonly labelSet: LabelSet | undefined
  readonly memory: ResourceTracker
  readonly placeOf: (id: ServableId) => VersionPlace
  readonly mayDisplace: (id: ServableId) => boolean
}

/** The versions of a model as its policy sees them: aspired ones first, in their order. */
export function takeSnapshots<S>(source: SnapshotSource<S>): readonly ServableStateSnapshot[] {
  const { harnesses, aspired, labelSet, memory, placeOf } = source
  const labelled = new Set(labelSet?.labels.values())
  const order = (version: number) => (aspired.includes(version) ? aspired.indexOf(version) : aspired.length)
  return harnesses
    .map((harness) => ({
      ...{ id: harness.id, state: harness.state, ...placeOf(harness.id) },
      aspired: aspired.includes(harness.id.version),
      labelled: labelled.has(harness.id.version),
      memoryBytes: memory.bytesOf(harness),
      missingBytes: missingBytes(harness, source),
    }))
    .sort((a, b) => order(a.id.version) - order(b.id.version))
}

function missingBytes<S>(harness: LoaderHarness<S>, { memory, mayDisplace }: SnapshotSource<S>): number {
  const bytes = refusedBytes(harness.error)
  const isWaiting = harness.state === 'loadRequested' || harness.state === 'error'
  if (bytes === undefined || !isWaiting || !mayDisplace(harness.id)) return 0
  return Math.max(0, bytes - memory.attainableBytes)
}
