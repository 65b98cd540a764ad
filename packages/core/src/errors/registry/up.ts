import type { ErrorKind } from './error-kind.ts'

/** Errors of starting everything on one machine. */
export const UP_ERRORS = {
  'up.already_running': {
    category: 'ALREADY_EXISTS',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Stop the other one, or choose another data folder with UNDERSTUDY_DATA_DIR.',
  },
  'up.child_failed': {
    category: 'UNAVAILABLE',
    fault: 'platform',
    retry: 'afterChange',
    remedy: 'Read the log that the message names.',
  },
  'up.data_folder_closed': {
    category: 'FAILED_PRECONDITION',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Move the data folder to a place that other accounts may enter, with UNDERSTUDY_DATA_DIR.',
  },
  'up.data_folder_unwritable': {
    category: 'PERMISSION_DENIED',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Make the folder writable, or choose another one with UNDERSTUDY_DATA_DIR.',
  },
  'up.git_missing': {
    category: 'FAILED_PRECONDITION',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Install git and start again.',
  },
  'up.invalid_option': {
    category: 'INVALID_ARGUMENT',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Correct the option or variable that the message names.',
  },
  'up.not_built': {
    category: 'FAILED_PRECONDITION',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Run `npm start`, which builds first, or `npm run build`.',
  },
  'up.port_taken': {
    category: 'ALREADY_EXISTS',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Stop the process that holds the port, or choose another port.',
  },
  'up.secret_key_unusable': {
    category: 'FAILED_PRECONDITION',
    fault: 'operator',
    retry: 'afterChange',
    remedy:
      'Restore the file from a backup, or set UNDERSTUDY_SECRET_KEY. With another secret key every API key is void.',
  },
} as const satisfies Record<`up.${string}`, ErrorKind>
