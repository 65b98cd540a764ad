import type { Category, PlatformError } from '@understudy/core'

/** gRPC's number of a category. */
export const GRPC_STATUS = {
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const satisfies Record<Category, number>

const MESSAGE_CHARACTERS_MAX = 1_024
const TRUNCATED = '...TRUNCATED'
const LONE_SURROGATES = /\p{Surrogate}/gu

/** The gRPC status code of an error; a message over the limit has the one that gRPC itself gives. */
export function grpcStatusOf(error: PlatformError): number {
  return error.code === 'request.too_large' ? GRPC_STATUS.RESOURCE_EXHAUSTED : GRPC_STATUS[error.category]
}

/** A text as a status may carry it: cut where TensorFlow Serving cuts, and always valid UTF-8. */
export function grpcMessage(text: string): string {
  const shown =
    text.length > MESSAGE_CHARACTERS_MAX ? text.slice(0, MESSAGE_CHARACTERS_MAX) + TRUNCATED : text
  return shown.replace(LONE_SURROGATES, '\ufffd')
}
