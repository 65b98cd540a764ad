import { KEY_VERBS, MODEL_NAME_PATTERN } from '@understudy/core'
import { z } from 'zod'
import { procedure, router } from './trpc.ts'

const EXPIRES_MIN_MS = 1_000
const EXPIRES_MAX_MS = 10 * 365 * 86_400_000
const EXPIRES = 'A key expires after one second at the least and ten years at the most.'

const model = z.string().regex(MODEL_NAME_PATTERN, 'A model of the key has a name that no model can have.')

/** API keys of clients that predict. The text of a key is in the answer of `create`, and nowhere else. */
export const keysRouter = router({
  create: procedure
    .input(
      z.object({
        name: z
          .string()
          .trim()
          .regex(/^[^\p{Cc}]{1,100}$/u, 'Give the key a name of 1 to 100 characters.'),
        models: z.array(model).min(1).max(1_000).nullable().default(null),
        verbs: z.array(z.enum(KEY_VERBS)).min(1).default(['predict']),
        expiresInMs: z
          .int()
          .min(EXPIRES_MIN_MS, EXPIRES)
          .max(EXPIRES_MAX_MS, EXPIRES)
          .nullable()
          .default(null),
      }),
    )
    .mutation(({ ctx, input }) =>
      ctx.service.keys.create({
        ...input,
        models: input.models === null ? null : [...new Set(input.models)],
        verbs: [...new Set(input.verbs)],
        actor: ctx.actor,
      }),
    ),
  list: procedure.query(({ ctx }) => ctx.service.keys.list()),
  revoke: procedure
    .input(
      z.object({
        id: z.string().regex(/^[0-9a-f]{16}$/, 'The id of a key has 16 digits, 0 to 9 and a to f.'),
      }),
    )
    .mutation(({ ctx, input }) => ctx.service.keys.revoke({ ...input, actor: ctx.actor })),
})
