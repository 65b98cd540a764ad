import type { ErrorKind } from './error-kind.ts'

/** Errors of what has no code of its own. */
export const PLATFORM_ERRORS = {
  'platform.unexpected': {
    category: 'INTERNAL',
    fault: 'platform',
    retry: 'backoff',
    remedy: 'Look for the id in the log.',
  },
} as const satisfies Record<`platform.${string}`, ErrorKind>
