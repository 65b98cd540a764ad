import { initTRPC, TRPCError } from '@trpc/server'
import type { TRPC_ERROR_CODE_KEY } from '@trpc/server/rpc'
import { type Category, isPlatformError, toPlatformError } from '@understudy/core'
import { ZodError, z } from 'zod'
import type { PredictContext } from './predict-context.ts'

const TRPC_CODE = {
  INVALID_ARGUMENT: 'BAD_REQUEST',
  UNAUTHENTICATED: 'UNAUTHORIZED',
  PERMISSION_DENIED: 'FORBIDDEN',
  NOT_FOUND: 'NOT_FOUND',
  ALREADY_EXISTS: 'CONFLICT',
  ABORTED: 'CONFLICT',
  FAILED_PRECONDITION: 'PRECONDITION_FAILED',
  RESOURCE_EXHAUSTED: 'TOO_MANY_REQUESTS',
  CANCELLED: 'CLIENT_CLOSED_REQUEST',
  INTERNAL: 'INTERNAL_SERVER_ERROR',
  DATA_LOSS: 'INTERNAL_SERVER_ERROR',
  UNIMPLEMENTED: 'NOT_IMPLEMENTED',
  UNAVAILABLE: 'SERVICE_UNAVAILABLE',
  DEADLINE_EXCEEDED: 'GATEWAY_TIMEOUT',
} as const satisfies Record<Category, TRPC_ERROR_CODE_KEY>

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
