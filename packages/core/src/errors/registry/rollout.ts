import type { ErrorKind } from './error-kind.ts'

/** Errors of rollouts and what people decide about them. */
export const ROLLOUT_ERRORS = {
  'rollout.invalid_transition': {
    category: 'INTERNAL',
    fault: 'platform',
    retry: 'never',
    remedy: 'A defect: report it with the id.',
  },
  'rollout.no_previous': {
    category: 'FAILED_PRECONDITION',
    fault: 'caller',
    retry: 'never',
    remedy: 'There is no earlier version to return to.',
  },
  'rollout.no_verdict': {
    category: 'FAILED_PRECONDITION',
    fault: 'caller',
    retry: 'never',
    remedy: 'Wait for the verdict, or drive traffic.',
  },
  'rollout.not_found': {
    category: 'NOT_FOUND',
    fault: 'caller',
    retry: 'never',
    remedy: 'Check model and version with `understudy status`.',
  },
  'rollout.not_open': {
    category: 'FAILED_PRECONDITION',
    fault: 'caller',
    retry: 'never',
    remedy: 'No rollout is open; `understudy why` says what is live and why.',
  },
  'rollout.not_pausable': {
    category: 'FAILED_PRECONDITION',
    fault: 'caller',
    retry: 'never',
    remedy: 'What is live is rolled back, not paused: `understudy rollback`.',
  },
  'rollout.not_promotable': {
    category: 'FAILED_PRECONDITION',
    fault: 'caller',
    retry: 'never',
    remedy:
      'Only a rollout whose shadow could not decide is promoted without a verdict; the message says what to do instead.',
  },
  'rollout.not_startable': {
    category: 'FAILED_PRECONDITION',
    fault: 'caller',
    retry: 'never',
    remedy: 'Name a validated version that is newer than what is live.',
  },
  'rollout.not_withdrawn': {
    category: 'FAILED_PRECONDITION',
    fault: 'caller',
    retry: 'never',
    remedy: 'Only a withdrawn version can be lifted.',
  },
  'rollout.paused': {
    category: 'FAILED_PRECONDITION',
    fault: 'caller',
    retry: 'never',
    remedy: 'A person paused the rollout: `understudy resume` lets it go on.',
  },
  'rollout.reason_required': {
    category: 'INVALID_ARGUMENT',
    fault: 'caller',
    retry: 'never',
    remedy: 'Give a reason of 3 to 500 characters.',
  },
  'rollout.retry_refused': {
    category: 'FAILED_PRECONDITION',
    fault: 'caller',
    retry: 'never',
    remedy: 'Push a better version, or ask for fresh evidence with `understudy retry --fresh`.',
  },
  'rollout.stale_decision': {
    category: 'ABORTED',
    fault: 'caller',
    retry: 'never',
    remedy: 'Something changed since you looked. Look again, then decide.',
  },
  'rollout.withdrawn': {
    category: 'FAILED_PRECONDITION',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Lift the withdrawal first: `understudy lift`.',
  },
} as const satisfies Record<`rollout.${string}`, ErrorKind>
