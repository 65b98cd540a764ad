/** States of a model version (a number in the record). */
export const VERSION_STATES = ['discovered', 'validating', 'validated', 'rejected', 'retired'] as const
export type VersionState = (typeof VERSION_STATES)[number]

/** What became of a digest of a model. */
export const STANDINGS = ['untried', 'failed', 'proven', 'withdrawn'] as const
export type Standing = (typeof STANDINGS)[number]

export const ROLLOUT_STATES = ['progressing', 'paused', 'succeeded', 'failed', 'aborted'] as const
export type RolloutState = (typeof ROLLOUT_STATES)[number]

/** Where an open rollout stands. */
export const ROLLOUT_STEPS = ['preparing', 'shadow', 'approval', 'canary', 'promoting', 'bake'] as const
export type RolloutStep = (typeof ROLLOUT_STEPS)[number]

export const PAUSE_REASONS = [
  'approval',
  'inconclusive',
  'noData',
  'held',
  'frozen',
  'nodesLagging',
  'byUser',
] as const
export type PauseReason = (typeof PAUSE_REASONS)[number]

export const ABORT_REASONS = [
  'superseded',
  'baselineChanged',
  'policyChanged',
  'deletedInGit',
  'byUser',
  'deadline',
  'rehearsed',
] as const
export type AbortReason = (typeof ABORT_REASONS)[number]

/** How a version was allowed to become live without or with evidence. */
export const ROLLOUT_KINDS = ['evidence', 'first', 'immediate', 'returning', 'rehearsal'] as const
export type RolloutKind = (typeof ROLLOUT_KINDS)[number]

export const VERDICTS = ['pass', 'fail', 'inconclusive', 'noData'] as const
export type VerdictOutcome = (typeof VERDICTS)[number]

export const DRIFT_REASONS = [
  'heldByOperator',
  'withdrawn',
  'rolloutRunning',
  'rolloutFailed',
  'validating',
  'rejected',
  'manual',
  'pinned',
  'nodeLagging',
  'deletedInGit',
  'repositoryStalled',
] as const
export type DriftReason = (typeof DRIFT_REASONS)[number]

/** States of a servable on a node, by TensorFlow Serving's names. */
export const SERVABLE_STATES = [
  'start',
  'loading',
  'warming',
  'available',
  'unloading',
  'end',
  'error',
] as const
export type ServableState = (typeof SERVABLE_STATES)[number]

export const NODE_STATES = ['starting', 'ready', 'lagging', 'draining', 'unreachable'] as const
export type NodeState = (typeof NODE_STATES)[number]

/** Labels the platform itself moves; a model's own labels may be any other name. */
export const SYSTEM_LABELS = ['live', 'previous', 'shadow', 'canary'] as const
export type SystemLabel = (typeof SYSTEM_LABELS)[number]
