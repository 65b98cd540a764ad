import type { OutcomeStatus } from '@understudy/core'
import { outcomeSchema } from './outcomes-schemas.ts'
import { procedure, router } from './trpc.ts'

/** What `outcomes.report` answers: a `contradiction` is kept and shown, and the first report goes on to count. */
export interface OutcomeAnswer {
  readonly status: OutcomeStatus
}

/** Outcomes of predictions, reported when they are known. A report that was answered is on disk; sent again it is a `duplicate`. */
export const outcomesRouter = router({
  report: procedure.input(outcomeSchema).mutation(async ({ ctx, input }): Promise<OutcomeAnswer> => {
    const [status] = await ctx.outcomes.report([input])
    if (status === undefined) throw new Error('a report came to nothing')
    return { status }
  }),
})
