import type { ErrorKind } from './error-kind.ts'

/** Errors of the control plane. */
export const CONTROL_ERRORS = {
  'control.database_unavailable': {
    category: 'UNAVAILABLE',
    fault: 'upstream',
    retry: 'backoff',
    remedy: 'Check that PostgreSQL runs and can be reached.',
  },
  'control.fence_lost': {
    category: 'ABORTED',
    fault: 'platform',
    retry: 'backoff',
    remedy: 'Nothing: another controller took over and goes on.',
  },
  'control.forbidden_origin': {
    category: 'PERMISSION_DENIED',
    fault: 'caller',
    retry: 'never',
    remedy: 'Open the console under its own address.',
  },
  'control.invalid_input': {
    category: 'INVALID_ARGUMENT',
    fault: 'caller',
    retry: 'never',
    remedy: 'Correct the field that the message names.',
  },
  'control.keys_unavailable': {
    category: 'FAILED_PRECONDITION',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Start the console with UNDERSTUDY_KEY_CHECK_KEY, as `understudy up` does.',
  },
  'control.not_found': { category: 'NOT_FOUND', fault: 'caller', retry: 'never', remedy: 'Check the name.' },
} as const satisfies Record<`control.${string}`, ErrorKind>
