import { initTRPC, TRPCError } from '@trpc/server'
import { isPlatformError, PlatformError, toPlatformError } from '@understudy/core'
import superjson from 'superjson'
import { ZodError } from 'zod'
import { TRPC_CODE } from '../trpc-code.ts'
import type { ControlService } from './control-service.ts'

/** What a control procedure works with. `actor` is who acts, as the audit log records it. */
export interface ControlContext {
  readonly service: ControlService
  readonly actor: string
  /** Called once for every server-side fault, with the error that carries the id shown to the caller. */
  readonly onFault: (error: unknown) => void
}

const t = initTRPC.context<ControlContext>().create({
  transformer: superjson,
  errorFormatter({ shape, error }) {
    const platform = isPlatformError(error.cause) ? error.cause : undefined
    return {
      ...shape,
      message: platform?.publicMessage ?? shape.message,
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

/** Refused input in words: our own sentences as they are, the others with the field that they are about. */
function inputError(error: ZodError): PlatformError {
  const sentences = error.issues.map(({ path, message }) =>
    message.endsWith('.') ? message : `${path.join('.') || 'input'}: ${message}.`,
  )
  return new PlatformError('control.invalid_input', sentences.join(' '), { cause: error })
}

/** Every error leaves as a registered one: 4xx messages are shown, 5xx become a generic sentence with an id. */
const withPlatformErrors = t.middleware(async ({ ctx, next }) => {
  const result = await next()
  if (result.ok) return result
  const { cause } = result.error
  const refusedInput = result.error.code === 'BAD_REQUEST' && cause instanceof ZodError
  if (result.error.code !== 'INTERNAL_SERVER_ERROR' && !isPlatformError(cause) && !refusedInput) return result
  const error = refusedInput ? inputError(cause) : toPlatformError(cause ?? result.error)
  if (error.category === 'INTERNAL' || error.category === 'DATA_LOSS') ctx.onFault(error)
  throw new TRPCError({ code: TRPC_CODE[error.category], message: error.publicMessage, cause: error })
})

export const router = t.router
export const procedure = t.procedure.use(withPlatformErrors)
