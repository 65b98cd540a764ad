import type { MeasuredCost } from '@understudy/core'
import type { ServableRole } from '@understudy/serving'
import type { ModelForm } from '../frames/frame.ts'

/**
 * Where a version is held: in an executor of its own; in a shared one among other small versions that answer clients; or parked in a
 * shared one among large versions that wait to be needed, whose runs would make small ones wait.
 */
export type Placement = 'own' | 'shared' | 'parked'

/** A load stops every other version of the executor for as long: a few milliseconds are within the noise of a run. */
export const SHARED_LOAD_MS_MAX = 5
/** Reading and copying so many bytes takes a few milliseconds, whatever quarantine measured for the rest. */
export const SHARED_WEIGHTS_BYTES_MAX = 4 * 1024 * 1024
/** A run stops the others, too. */
export const SHARED_RUN_MS_MAX = 10

export interface PlacementFacts {
  readonly role: ServableRole
  readonly form: ModelForm
  readonly weightsBytes: number
  /** Null: never measured. */
  readonly measured: Pick<MeasuredCost, 'loadMs'> | null
  readonly intraOpThreads: number
  /** A usual run of this version, as far as there were any. */
  readonly runMs: number | undefined
  /** Executors that this version has ended on this node. */
  readonly incidents: number
}

/** Whom a version may hurt decides where it is held: what is large, unknown, on trial or has ended an executor is alone. */
export function decidePlacement(facts: PlacementFacts): Placement {
  const isOnTrial = facts.role === 'rollout' || facts.role === 'canary'
  if (isOnTrial || facts.incidents > 0 || facts.measured === null) return 'own'
  // The threads of a session are there while it is loaded, and many are asked for by what is heavy.
  if (facts.intraOpThreads > 1) return facts.role === 'idle' ? parkedWhenMapped(facts) : 'own'
  const isQuick = facts.runMs === undefined || facts.runMs <= SHARED_RUN_MS_MAX
  const isSmall =
    facts.weightsBytes <= SHARED_WEIGHTS_BYTES_MAX && facts.measured.loadMs <= SHARED_LOAD_MS_MAX
  if (isSmall && isQuick) return 'shared'
  return facts.role === 'idle' ? parkedWhenMapped(facts) : 'own'
}

/** Mapped, any version loads in milliseconds, so that parked ones do not wait for each other. */
function parkedWhenMapped({ form }: PlacementFacts): Placement {
  return form === 'mapped' ? 'parked' : 'own'
}
