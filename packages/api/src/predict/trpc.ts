import { initTRPC, TRPCError } from '@trpc/server'
import { isPlatformError, toPlatformError } from '@understudy/core'
import { ZodError, z } from 'zod'
import { TRPC_CODE } from '../trpc-code.ts'
import { errorData } from './error-shape.ts'
import { callIdOf, type PredictContext } from './predict-context.ts'

/** Of errors that belong to one call: the formatter is told of the HTTP request only. */
const callIds = new WeakMap<TRPCError, string>()

// No transformer: answers are plain JSON, and int64 beyond 2^53 are decimal strings.
const t = initTRPC.context<PredictContext>().create({
  isDev: false,
  errorFormatter({ shape, error, ctx }) {
    return {
      ...shape,
      message: error.cause instanceof ZodError ? z.prettifyError(error.cause) : shape.message,
      data: errorData(shape.data, error.cause, callIds.get(error) ?? ctx?.requestId),
    }
  },
})

/** The tRPC form of any error: a registered code, and a text that a stranger may read. */
export function toTrpcError(cause: unknown): TRPCError {
  const error = toPlatformError(cause)
  const code = error.code === 'request.too_large' ? 'PAYLOAD_TOO_LARGE' : TRPC_CODE[error.category]
  return new TRPCError({ code, message: error.publicMessage, cause: error })
}

const withPlatformErrors = t.middleware(async ({ ctx, batchIndex = 0, next }) => {
  const result = await next()
  if (result.ok) return result
  const callId = callIdOf(ctx.requestId, batchIndex)
  const { cause, code } = result.error
  if (code !== 'INTERNAL_SERVER_ERROR' && !isPlatformError(cause)) {
    // One that all calls of a batch share is of the HTTP request.
    if (cause instanceof ZodError) callIds.set(result.error, callId)
    return result
  }
  const mapped = toTrpcError(cause ?? result.error)
  callIds.set(mapped, callId)
  if (mapped.code === 'INTERNAL_SERVER_ERROR') ctx.onFault(mapped.cause)
  throw mapped
})

export const router = t.router
export const procedure = t.procedure.use(withPlatformErrors)
