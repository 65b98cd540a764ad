import type { ErrorKind } from './error-kind.ts'

/** Errors of outcomes that are reported later. */
export const OUTCOMES_ERRORS = {
  'outcomes.no_record': {
    category: 'UNIMPLEMENTED',
    fault: 'operator',
    retry: 'afterChange',
    remedy: 'Report to a node with a control plane: one that has DATABASE_URL instead of a plan file.',
  },
  'outcomes.too_many': {
    category: 'RESOURCE_EXHAUSTED',
    fault: 'caller',
    retry: { afterMs: 1000 },
    remedy: 'Report fewer at once: up to 1000 outcomes go into one request.',
  },
  'outcomes.unavailable': {
    category: 'UNAVAILABLE',
    fault: 'upstream',
    retry: { afterMs: 2000 },
    remedy: 'Report it again in a moment: what is reported twice counts once. Predictions go on.',
  },
} as const satisfies Record<`outcomes.${string}`, ErrorKind>
