import type { Category, PlatformError, VersionSelector } from '@understudy/core'
import { shownName } from './oip-error-texts.ts'

/** HTTP status of a category on the Open Inference Protocol, as Triton maps its own. */
export const OIP_HTTP_STATUS = {
  INVALID_ARGUMENT: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 400,
  ABORTED: 400,
  FAILED_PRECONDITION: 400,
  RESOURCE_EXHAUSTED: 503,
  CANCELLED: 400,
  INTERNAL: 500,
  DATA_LOSS: 500,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 503,
} as const satisfies Record<Category, number>

/** Which model and version a request was about, for messages. */
export interface OipSubject {
  readonly model: string
  readonly selector: VersionSelector
}

function versionText({ selector }: OipSubject): string {
  return selector.kind === 'number' ? ` version ${selector.number}` : ''
}

/** Triton's own sentence where it has one for the error. What it leaves out follows in brackets. Of gRPC and REST alike. */
export function oipErrorMessage(error: PlatformError, subject?: OipSubject): string {
  const text = error.publicMessage
  if (error.code === 'serving.queue_full') return `Exceeds maximum queue size (${text})`
  if (error.code === 'serving.deadline_exceeded') return `Request timeout expired (${text})`
  if (subject === undefined) return text
  const name = `'${shownName(subject.model)}'`
  switch (error.code) {
    case 'serving.model_not_found':
      return `Request for unknown model: ${name} is not found`
    case 'serving.version_not_found':
      return `Request for unknown model: ${name}${versionText(subject)} is not found`
    case 'serving.version_not_available':
      return `Request for unknown model: ${name}${versionText(subject)} is not at ready state`
    default:
      return text
  }
}

/** The body of every failure. */
export function encodeOipError(error: PlatformError, subject?: OipSubject): string {
  return `{"error":${JSON.stringify(oipErrorMessage(error, subject))}}`
}
