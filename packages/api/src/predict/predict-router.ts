import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server'
import type { ServedBy } from '@understudy/core'
import { decodeInputs } from './decode-inputs.ts'
import { encodeOutputs, type OutputTensor } from './encode-outputs.ts'
import { outcomesRouter } from './outcomes-router.ts'
import { callIdOf } from './predict-context.ts'
import { describeSchema, predictSchema } from './schemas.ts'
import { selectorOf } from './selector-of.ts'
import { procedure, router } from './trpc.ts'

/** What `predict` answers. */
export interface PredictAnswer {
  readonly outputs: Record<string, OutputTensor>
  readonly servedBy: ServedBy
  readonly requestId: string
}

/**
 * The predict API: `predict` (a mutation, so that it is never cached nor sent as GET), `describe` and `models`; `outcomes.report` for what
 * turned out to be true.
 *
 * Answers are plain JSON without a transformer: 64-bit integers beyond 2^53 are decimal strings both ways.
 */
export function createPredictRouter() {
  return router({
    predict: procedure
      .input(predictSchema)
      .mutation(async ({ ctx, input, signal, batchIndex = 0 }): Promise<PredictAnswer> => {
        const selector = ctx.pinned(selectorOf(input))
        const { signature, servedBy } = ctx.predictor.describe(input.model, selector)
        ctx.onSelected(servedBy, batchIndex)
        const answer = await ctx.predictor.predict({
          ...ctx.call,
          requestId: callIdOf(ctx.requestId, batchIndex),
          model: input.model,
          selector,
          inputs: decodeInputs(input, signature),
          outputs: input.outputs,
          timeoutMs: input.timeoutMs ?? ctx.call.timeoutMs,
          signal,
        })
        ctx.onSelected(answer.servedBy, batchIndex)
        return {
          outputs: encodeOutputs(answer.outputs),
          servedBy: answer.servedBy,
          requestId: answer.requestId,
        }
      }),

    describe: procedure.input(describeSchema).query(({ ctx, input }) => {
      const { signature, servedBy } = ctx.predictor.describe(input.model, ctx.pinned(selectorOf(input)))
      return { servedBy, inputs: signature.inputs, outputs: signature.outputs }
    }),

    models: procedure.query(({ ctx }) =>
      ctx.predictor.models().map((name) => ({
        name,
        versions: (ctx.predictor.versions(name) ?? []).map(({ version, state, error }) => ({
          version,
          state,
          reason: error?.publicMessage ?? null,
        })),
      })),
    ),

    outcomes: outcomesRouter,
  })
}

/** The type that a client is made with: `createTRPCClient<PredictRouter>({ links: [httpLink({ url })] })`. */
export type PredictRouter = ReturnType<typeof createPredictRouter>
export type PredictRouterInputs = inferRouterInputs<PredictRouter>
export type PredictRouterOutputs = inferRouterOutputs<PredictRouter>
