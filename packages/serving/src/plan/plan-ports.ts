import type { ServingPlan } from '@understudy/core'

/** Where the plan comes from. Implemented over Postgres; may be away. */
export interface PlanReader {
  /**
   * The whole plan in one snapshot. May reject; the node then goes on with what it has. A reader that knows that nothing changed gives the
   * same `models` and `keys` again: they are not looked at then.
   */
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
  /** What is kept was still the plan at this time (milliseconds since the epoch, by the clock of the plan). */
  confirm?(readAtMs: number): Promise<void>
}
