import type {
  DriftReason,
  RolloutState,
  RolloutStep,
  Standing,
  VerdictOutcome,
  VersionState,
} from '@understudy/core'

/** One version in {@link StatusDocument}: the recorded number, or what became of its digest where that says more. */
export interface StatusVersion {
  readonly number: number
  readonly digest: string
  readonly commit: string
  readonly state: VersionState
  readonly standing: Standing
  readonly reason: string | null
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
  /** What stands at the tip and cannot be taken: a directory that is no number, a wrong model.yaml. */
  readonly problems: readonly { readonly path: string; readonly code: string; readonly message: string }[]
}

/** What `understudy status --json` prints: a stable contract; keys are added, never changed or removed. */
export interface StatusDocument {
  readonly models: readonly StatusModel[]
}
