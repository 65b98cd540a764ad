import type { TRPCError } from '@trpc/server'
import { isPlatformError } from '@understudy/core'

/** What `error.data` tells a client. Keys are in the order in which they are written. */
export interface PredictErrorData {
  readonly code: TRPCError['code']
  readonly httpStatus: number
  readonly path: string | undefined
  /** The registered code of the platform; undefined where tRPC itself refused. */
  readonly understudyCode: string | undefined
  /** Of this failure, for those who look into logs. */
  readonly id: string | undefined
  /** Id of the call, as answers carry it. */
  readonly requestId: string | undefined
}

/** How far tRPC has described an error. */
export interface TrpcErrorData extends Pick<PredictErrorData, 'code' | 'httpStatus'> {
  readonly path?: string | undefined
}

/** What is told of an error besides what tRPC tells. */
export function errorData(
  { code, httpStatus, path }: TrpcErrorData,
  cause: unknown,
  requestId: string | undefined,
): PredictErrorData {
  const platform = isPlatformError(cause) ? cause : undefined
  return { code, httpStatus, path, understudyCode: platform?.code, id: platform?.id, requestId }
}
