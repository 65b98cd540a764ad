/** Canonical status of an error, as gRPC and TensorFlow Serving name it. Each protocol has one table from category to its own codes. */
export const CATEGORIES = [
  'INVALID_ARGUMENT',
  'UNAUTHENTICATED',
  'PERMISSION_DENIED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'ABORTED',
  'FAILED_PRECONDITION',
  'RESOURCE_EXHAUSTED',
  'CANCELLED',
  'INTERNAL',
  'DATA_LOSS',
  'UNIMPLEMENTED',
  'UNAVAILABLE',
  'DEADLINE_EXCEEDED',
] as const

export type Category = (typeof CATEGORIES)[number]

/** HTTP status of a category for our own APIs; wire protocols keep a table of their own. */
export const HTTP_STATUS = {
  INVALID_ARGUMENT: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  ABORTED: 409,
  FAILED_PRECONDITION: 412,
  RESOURCE_EXHAUSTED: 429,
  CANCELLED: 499,
  INTERNAL: 500,
  DATA_LOSS: 500,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
} as const satisfies Record<Category, number>

/** Whose mistake it was: alerts look at this, never at the text. */
export type Fault = 'caller' | 'modelAuthor' | 'operator' | 'platform' | 'upstream'

/** What a loop does next. `afterChange`: only a changed input helps; `backoff`: the cause may pass by itself. */
export type Retry = 'never' | 'afterChange' | 'backoff' | { readonly afterMs: number }
