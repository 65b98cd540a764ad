import {
  type Database,
  reconcileModelOnce,
  scoreOutcomes,
  type WorkClaim,
  type WorkQueue,
} from '@understudy/db'
import { ATTRIBUTES, type Logger, tracer, withSpan } from '@understudy/telemetry'
import type { WorkHandler } from '../work/work-loop.ts'

export interface ReconcileModelOptions {
  readonly database: Database
  readonly queue: WorkQueue
  readonly logger: Logger
  /** While a rollout is open it is looked at this often, besides every hint. @defaultValue 1000 */
  readonly openIntervalMs?: number
}

/** More steps in a row than any rollout has: a decider that never rests is a defect. */
const STEPS_MAX = 20

/** Batches of outcomes that are scored at one look; the rest is due again. */
const SCORED_BATCHES_MAX = 10

/** Outcomes that were reported meanwhile become evidence before anything is decided. */
async function scoreWhatIsDue(queue: WorkQueue, claim: WorkClaim): Promise<void> {
  for (let batch = 0; batch < SCORED_BATCHES_MAX; batch++) {
    const { more } = await queue.fenced(claim, (tx) => scoreOutcomes(tx, claim.key))
    if (!more) return
  }
}

/** Observes one model, scores its outcomes, decides, carries out and records, step by step, until there is nothing to do. */
export function createReconcileModel(options: ReconcileModelOptions): WorkHandler {
  const { queue, logger, openIntervalMs = 1_000 } = options
  return async (claim) => {
    await scoreWhatIsDue(queue, claim)
    for (let step = 0; step < STEPS_MAX; step++) {
      const began = Date.now()
      const result = await queue.fenced(claim, (tx) => reconcileModelOnce(tx, claim.key))
      if (!result.progressed) return { dueInMs: result.open ? openIntervalMs : undefined }
      const attributes = { [ATTRIBUTES.model]: claim.key, 'understudy.transition': result.did ?? '' }
      await withSpan(
        tracer('controller'),
        'rollout.reconcile',
        { attributes, parent: result.traceparent, startTime: began },
        async () => {
          logger.info({ model: claim.key, did: result.did }, 'rollout step')
        },
      )
    }
    logger.warn({ model: claim.key }, 'a model did not come to rest')
    return { dueInMs: openIntervalMs }
  }
}
