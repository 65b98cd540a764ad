import type {
  DriftReason,
  RolloutState,
  RolloutStep,
  Standing,
  VerdictOutcome,
  VersionState,
} from '@understudy/core'
import type { LabelView } from './model-views.ts'

/** What befell the processes of a version, of one kind. `at` is ISO 8601, of the newest. */
export interface StatusIncident {
  readonly kind: 'crash' | 'hang' | 'memory' | 'frame'
  readonly count: number
  /** Of these, how often an input did it again, alone in a process of its own. */
  readonly confirmed: number
  readonly message: string
  readonly at: string
}

/** One version in {@link StatusDocument}: the recorded number, or what became of its digest where that says more. */
export interface StatusVersion {
  readonly number: number
  readonly digest: string
  readonly commit: string
  readonly state: VersionState
  readonly standing: Standing
  readonly reason: string | null
  /** Newest kind first; empty when nothing befell it. */
  readonly incidents: readonly StatusIncident[]
}

export interface StatusRollout {
  readonly version: number
  readonly state: RolloutState
  readonly step: RolloutStep
  readonly verdict: VerdictOutcome | null
  readonly reason: string | null
}

/** One model of {@link StatusDocument}. `rollout` is the open one, else the last that ended. */
export interface StatusModel {
  readonly name: string
  readonly live: number | null
  readonly previous: number | null
  readonly versions: readonly StatusVersion[]
  readonly rollout: StatusRollout | null
  readonly drift: { readonly reason: DriftReason; readonly since: string } | null
  /** The number that the environment file names; null where it leaves that to the trigger. */
  readonly pinned: number | null
  /** By name; those that rollouts move are not among them. */
  readonly labels: readonly LabelView[]
  /** What stands at the tip and cannot be taken: a directory that is no number, a wrong model.yaml, a label that may not move. */
  readonly problems: readonly { readonly path: string; readonly code: string; readonly message: string }[]
}

/** A serving node whose lease counts. */
export interface StatusNode {
  readonly name: string
  /** Where it answers by itself. */
  readonly restUrl: string
  /** It holds the plan with every live version loaded. */
  readonly ready: boolean
}

/** What `understudy status --json` prints: a stable contract; keys are added, never changed or removed. */
export interface StatusDocument {
  readonly models: readonly StatusModel[]
  /** By name; one that drains is left out. */
  readonly nodes: readonly StatusNode[]
}
