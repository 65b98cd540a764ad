import type { Category, PlatformError } from '@understudy/core'
import { shownVersion, type TfsRoute } from './parse-tfs-route.ts'

/** HTTP status of a category on TensorFlow Serving's API. */
export const TFS_HTTP_STATUS = {
  INVALID_ARGUMENT: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  ABORTED: 409,
  FAILED_PRECONDITION: 400,
  RESOURCE_EXHAUSTED: 429,
  CANCELLED: 499,
  INTERNAL: 500,
  DATA_LOSS: 500,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
} as const satisfies Record<Category, number>

function selection(route: TfsRoute): string {
  const { model, selector } = route
  return selector.kind === 'number'
    ? `Specific(${model}, ${shownVersion(route, selector.number)})`
    : `Latest(${model})`
}

/** TensorFlow Serving's own sentence where it has one for the error; status keeps the one that it was made with. */
function message(error: PlatformError, route: TfsRoute | undefined): string {
  if (route === undefined || route.kind === 'status') return error.publicMessage
  switch (error.code) {
    case 'serving.model_not_found':
    case 'serving.version_not_found':
      return `Servable not found for request: ${selection(route)}`
    case 'serving.label_not_found':
      return route.selector.kind === 'label'
        ? `Unrecognized servable version label: ${route.selector.label}`
        : error.publicMessage
    default:
      return error.publicMessage
  }
}

/** The body of every failure: `{ "error": "..." }`. */
export function encodeTfsError(error: PlatformError, route?: TfsRoute): string {
  return `{ "error": ${JSON.stringify(message(error, route))} }`
}
