import { z } from 'zod'
import { keysRouter } from './keys-router.ts'
import { procedure, router } from './trpc.ts'

const modelName = z.string().min(1).max(63)
const REASON = 'Give a reason of 3 to 500 characters.'
const reason = z.string(REASON).trim().min(3, REASON).max(500, REASON)
const seen = z.object({
  rolloutId: z.string().max(64),
  candidateDigest: z.string().max(64),
  baselineDigest: z.string().max(64).nullable(),
  policyHash: z.string().max(64),
})

/** What an act on a rollout names. */
const meantRollout = z.object({
  model: modelName,
  version: z.int().positive().optional(),
  seen: seen.optional(),
})
const HOLD_MS_MAX = 366 * 86_400_000

/** The control API: what the console and the CLI use. Thin on purpose: the service decides. */
export const controlRouter = router({
  platform: procedure.query(({ ctx }) => ctx.service.platform()),
  overview: procedure.query(({ ctx }) => ctx.service.overview()),
  model: procedure
    .input(z.object({ name: modelName }))
    .query(({ ctx, input }) => ctx.service.model(input.name)),
  rollout: procedure
    .input(z.object({ id: z.string().max(64) }))
    .query(({ ctx, input }) => ctx.service.rollout(input.id)),
  audit: procedure
    .input(
      z.object({
        before: z.int().positive().optional(),
        model: modelName.optional(),
        limit: z.int().min(1).max(200).default(50),
      }),
    )
    .query(({ ctx, input }) => ctx.service.audit(input)),
  liveAt: procedure.input(z.object({ at: z.date() })).query(({ ctx, input }) => ctx.service.liveAt(input.at)),
  status: procedure
    .input(z.object({ model: modelName.optional() }))
    .query(({ ctx, input }) => ctx.service.status(input.model)),
  why: procedure
    .input(z.object({ model: modelName, version: z.int().positive().optional() }))
    .query(({ ctx, input }) => ctx.service.why(input.model, input.version)),
  evidence: procedure
    .input(z.object({ model: modelName, version: z.int().positive().optional() }))
    .query(({ ctx, input }) => ctx.service.evidence(input.model, input.version)),
  quality: procedure
    .input(z.object({ model: modelName }))
    .query(({ ctx, input }) => ctx.service.quality(input.model)),
  notifications: procedure
    .input(z.object({ limit: z.int().min(1).max(200).default(50) }))
    .query(({ ctx, input }) => ctx.service.notifications(input.limit)),
  samples: procedure
    .input(z.object({ model: modelName }))
    .query(({ ctx, input }) => ctx.service.samples(input.model)),
  verifyAudit: procedure.query(({ ctx }) => ctx.service.verifyAudit()),

  approve: procedure
    .input(
      z.object({
        model: modelName,
        version: z.int().positive(),
        seen: seen.optional(),
        comment: z.string().trim().max(500).optional(),
      }),
    )
    .mutation(({ ctx, input }) => ctx.service.approve({ ...input, actor: ctx.actor })),
  reject: procedure
    .input(z.object({ model: modelName, version: z.int().positive(), seen: seen.optional(), reason }))
    .mutation(({ ctx, input }) => ctx.service.reject({ ...input, actor: ctx.actor })),
  retry: procedure
    .input(
      z
        .object({
          model: modelName,
          version: z.int().positive().optional(),
          fresh: z.boolean().optional(),
          reason: reason.optional(),
        })
        .refine(({ fresh, reason: given }) => fresh !== true || given !== undefined, REASON),
    )
    .mutation(({ ctx, input }) => ctx.service.retry({ ...input, actor: ctx.actor })),
  abort: procedure
    .input(meantRollout.extend({ reason }))
    .mutation(({ ctx, input }) => ctx.service.abort({ ...input, actor: ctx.actor })),
  pause: procedure
    .input(meantRollout.extend({ reason: reason.optional() }))
    .mutation(({ ctx, input }) => ctx.service.pause({ ...input, actor: ctx.actor })),
  resume: procedure
    .input(meantRollout.extend({ reason: reason.optional() }))
    .mutation(({ ctx, input }) => ctx.service.resume({ ...input, actor: ctx.actor })),
  promoteNow: procedure
    .input(meantRollout.extend({ reason }))
    .mutation(({ ctx, input }) => ctx.service.promoteNow({ ...input, actor: ctx.actor })),
  rehearse: procedure
    .input(z.object({ model: modelName, version: z.int().positive() }))
    .mutation(({ ctx, input }) => ctx.service.rehearse({ ...input, actor: ctx.actor })),
  hold: procedure
    .input(
      z.object({
        model: modelName,
        reason,
        expiresInMs: z.int().min(1_000).max(HOLD_MS_MAX).nullable().default(null),
      }),
    )
    .mutation(({ ctx, input }) => ctx.service.hold({ ...input, actor: ctx.actor })),
  releaseHold: procedure
    .input(z.object({ model: modelName }))
    .mutation(({ ctx, input }) => ctx.service.releaseHold({ ...input, actor: ctx.actor })),
  promote: procedure
    .input(z.object({ model: modelName, version: z.int().positive() }))
    .mutation(({ ctx, input }) => ctx.service.promote({ ...input, actor: ctx.actor })),
  rollback: procedure
    .input(
      z.object({
        model: modelName,
        from: z.int().positive().optional(),
        generation: z.int().min(0).optional(),
        noWithdraw: z.boolean().optional(),
        reason,
      }),
    )
    .mutation(({ ctx, input }) => ctx.service.rollback({ ...input, actor: ctx.actor })),
  lift: procedure
    .input(
      z.object({
        model: modelName,
        digest: z.string().regex(/^[0-9a-f]{4,64}$/, 'Give at least 4 characters of the digest.'),
        reason,
      }),
    )
    .mutation(({ ctx, input }) => ctx.service.lift({ ...input, actor: ctx.actor })),

  keys: keysRouter,

  changes: procedure.subscription(async function* ({ ctx, signal }) {
    yield* ctx.service.changes(signal ?? new AbortController().signal)
  }),
})

export type ControlRouter = typeof controlRouter
