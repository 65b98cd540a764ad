import { initTRPC, TRPCError } from '@trpc/server'
import { isPlatformError, toPlatformError } from '@understudy/core'
import { ZodError, z } from 'zod'
import { TRPC_CODE } from '../trpc-code.ts'
import type { PredictContext } from './predict-context.ts'

// No transformer: answers are plain JSON, and int64 beyond 2^53 are decimal strings.
const t = initTRPC.context<PredictContext>().create({
  isDev: false,
  errorFormatter({ shape, error }) {
    const platform = isPlatformError(error.cause) ? error.cause : undefined
    return {
      ...shape,
      message: error.cause instanceof ZodError ? z.prettifyError(error.cause) : shape.message,
      data: {
        code: shape.data.code,
        httpStatus: shape.data.httpStatus,
        path: shape.data.path,
        understudyCode: platform?.code,
        id: platform?.id,
      },
    }
  },
})

/** The tRPC form of any error: a registered code, and a text that a stranger may read. */
export function toTrpcError(cause: unknown): TRPCError {
  const error = toPlatformError(cause)
  const code = error.code === 'request.too_large' ? 'PAYLOAD_TOO_LARGE' : TRPC_CODE[error.category]
  return new TRPCError({ code, message: error.publicMessage, cause: error })
}

const withPlatformErrors = t.middleware(async ({ ctx, next }) => {
  const result = await next()
  if (result.ok) return result
  const { cause, code } = result.error
  if (code !== 'INTERNAL_SERVER_ERROR' && !isPlatformError(cause)) return result
  const mapped = toTrpcError(cause ?? result.error)
  if (mapped.code === 'INTERNAL_SERVER_ERROR') ctx.onFault(mapped.cause)
  throw mapped
})

export const router = t.router
export const procedure = t.procedure.use(withPlatformErrors)
