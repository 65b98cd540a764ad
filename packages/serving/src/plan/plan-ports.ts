import type { ServingPlan } from '@understudy/core'

/** Where the plan comes from. Implemented over Postgres; may be away. */
export interface PlanReader {
  /** The whole plan in one snapshot. May reject; the node then goes on with what it has. */
  read(): Promise<ServingPlan>
  /** Tells when reading may be worthwhile. Returns the function that ends the subscription. */
  onHint(listener: () => void): () => void
}

/** Keeps the last good plan over a restart. */
export interface PlanStore {
  /**
   * Undefined when nothing was kept.
   *
   * @throws PlatformError `serving.plan_invalid`
   */
  load(): Promise<ServingPlan | undefined>
  /** All or nothing: a crash leaves the old plan or the new one. */
  save(plan: ServingPlan): Promise<void>
}
