import type { ErrorKind } from './error-kind.ts'

/** Errors of the form of a request. */
export const REQUEST_ERRORS = {
  'request.malformed': {
    category: 'INVALID_ARGUMENT',
    fault: 'caller',
    retry: 'never',
    remedy: 'Correct the body as the message says.',
  },
  'request.permission_denied': {
    category: 'PERMISSION_DENIED',
    fault: 'caller',
    retry: 'afterChange',
    remedy: 'Use an API key that was created for this.',
  },
  'request.signature_not_found': {
    category: 'FAILED_PRECONDITION',
    fault: 'caller',
    retry: 'afterChange',
    remedy: 'Name a signature that the model has, or none; GetModelMetadata lists them.',
  },
  'request.too_large': {
    category: 'INVALID_ARGUMENT',
    fault: 'caller',
    retry: 'never',
    remedy: 'Send a smaller body.',
  },
  'request.unauthenticated': {
    category: 'UNAUTHENTICATED',
    fault: 'caller',
    retry: 'afterChange',
    remedy:
      'Send a valid API key: `Authorization: Bearer us_<id>_<secret>`; `understudy key create` makes one.',
  },
  'request.unknown_route': {
    category: 'NOT_FOUND',
    fault: 'caller',
    retry: 'never',
    remedy: 'Check method and path.',
  },
  'request.unsupported': {
    category: 'UNIMPLEMENTED',
    fault: 'caller',
    retry: 'never',
    remedy: 'Use a supported protocol feature.',
  },
} as const satisfies Record<`request.${string}`, ErrorKind>
