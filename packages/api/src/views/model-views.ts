import type {
  DriftReason,
  PauseReason,
  RolloutKind,
  RolloutState,
  RolloutStep,
  ServableState,
  Standing,
  VerdictOutcome,
  VersionState,
} from '@understudy/core'

/** A version as a chip shows it. */
export interface VersionRef {
  readonly number: number
  readonly digest: string
}

/** Where Git and what is served differ. `since` is ISO 8601. */
export interface DriftView {
  readonly reason: DriftReason
  readonly detail: string
  readonly since: string
}

/** One gate of an analysis with all that its gauge needs. Logs are natural logarithms of e-values. */
export interface GateView {
  readonly gate: 'errors' | 'disagreement'
  /** The property that stands worst, such as an output's name. */
  readonly property: string
  readonly verdict: 'collecting' | 'pass' | 'fail' | 'towardFail' | 'noPairs'
  /** False: shown only. */
  readonly decides: boolean
  readonly margin: number
  readonly nPlus: number
  readonly nZero: number
  readonly nMinus: number
  readonly logHarm: number
  readonly logSafe: number
  /** Natural logarithms of the thresholds: fail at harm, pass at safety. */
  readonly logFailAt: number
  readonly logPassAt: number
  /** The least margin that the counters would clear; null before there are enough pairs. */
  readonly bound: number | null
  /** Further pairs until this gate passes if it goes on like this; null when it cannot be said. */
  readonly pairsToPass: number | null
}

export interface AnalysisView {
  readonly outcome: VerdictOutcome | 'collecting'
  readonly summary: string
  readonly pairs: number
  readonly minPairs: number
  readonly admitted: number
  readonly lost: number
  readonly gates: readonly GateView[]
  /** ISO 8601 of the last counted pair. */
  readonly updatedAt: string | null
}

/** One step of the rail. */
export interface StepView {
  readonly step: 'validate' | 'load' | 'shadow' | 'approval' | 'promote'
  readonly state: 'done' | 'now' | 'ahead' | 'failed' | 'skipped'
  /** What it took or waits for, in words: `21 s`, `waits for you`. */
  readonly note: string
}

/** What a decision was made on; sent back with the decision and refused when it is no longer true. */
export interface SeenRollout {
  readonly rolloutId: string
  readonly candidateDigest: string
  readonly baselineDigest: string | null
  readonly policyHash: string
}

/** A pair kept as an example, outputs only. */
export interface PairExampleView {
  readonly requestId: string
  readonly at: string
  readonly baseline: Readonly<Record<string, string>>
  readonly candidate: Readonly<Record<string, string>>
  readonly differing: readonly string[]
}

export interface RolloutView {
  readonly id: string
  readonly model: string
  readonly kind: RolloutKind
  readonly candidate: VersionRef
  readonly baseline: VersionRef | null
  readonly state: RolloutState
  readonly step: RolloutStep
  readonly pauseReason: PauseReason | null
  readonly reason: string | null
  readonly verdict: VerdictOutcome | null
  readonly startedAt: string
  readonly endedAt: string | null
  readonly commit: CommitView
  readonly steps: readonly StepView[]
  readonly analysis: AnalysisView | null
  readonly seen: SeenRollout
  readonly approvalsRequired: number
  readonly approvedBy: readonly string[]
  readonly examples: readonly PairExampleView[]
  readonly traceId: string | null
  /** What the present actor may do now; each with the sentence why not where it is false. */
  readonly may: Readonly<
    Record<'approve' | 'reject' | 'retry', { readonly allowed: boolean; readonly because: string }>
  >
}

export interface CommitView {
  readonly hash: string
  readonly subject: string
  readonly authorName: string
  readonly at: string
}

export interface VersionView extends VersionRef {
  readonly state: VersionState
  readonly standing: Standing
  /** Why it was rejected, withdrawn or failed. */
  readonly reason: string | null
  readonly labels: readonly string[]
  readonly commit: CommitView
  readonly sizeBytes: number
  readonly loadMs: number | null
  readonly memoryBytes: number | null
  readonly batchable: boolean | null
  /** What befell its processes, in words; null when nothing did. */
  readonly incidents: string | null
  /** The last rollout of it. */
  readonly rollout: {
    readonly id: string
    readonly state: RolloutState
    readonly verdict: VerdictOutcome | null
    readonly pairs: number
  } | null
  readonly nodes: readonly {
    readonly node: string
    readonly state: ServableState
    readonly reason: string | null
  }[]
}

export interface PolicyLine {
  readonly name: string
  readonly value: string
  readonly source: 'model.yaml' | 'default'
}

export interface HoldView {
  readonly actor: string
  readonly reason: string
  readonly since: string
}

export interface PromotionView {
  readonly generation: number
  readonly kind: 'first' | 'evidence' | 'immediate' | 'returning' | 'rollback'
  readonly from: number | null
  readonly to: number
  readonly actor: string
  readonly reason: string | null
  readonly at: string
}

export interface ModelView {
  readonly name: string
  readonly description: string
  readonly owners: readonly string[]
  readonly live: VersionRef | null
  readonly previous: VersionRef | null
  readonly generation: number
  readonly versions: readonly VersionView[]
  /** The open rollout, else the last that ended. */
  readonly rollout: RolloutView | null
  readonly drift: DriftView | null
  readonly hold: HoldView | null
  readonly policy: readonly PolicyLine[]
  readonly policyHash: string
  readonly promotions: readonly PromotionView[]
  /** What stands at the tip and cannot be taken: a directory that is no number, a wrong `model.yaml`. */
  readonly problems: readonly { readonly path: string; readonly message: string }[]
  readonly why: WhyView
  readonly signature: { readonly inputs: readonly string[]; readonly outputs: readonly string[] } | null
}

/** One sentence: what the model waits for; and the command or act that helps, where there is one. */
export interface WhyView {
  readonly sentence: string
  readonly command: string | null
}

export interface ModelRow {
  readonly name: string
  readonly description: string
  readonly live: VersionRef | null
  readonly rollout: {
    readonly id: string
    readonly candidate: VersionRef
    readonly state: RolloutState
    readonly step: RolloutStep
    readonly pauseReason: PauseReason | null
    readonly verdict: VerdictOutcome | 'collecting' | null
    readonly pairs: number
    readonly minPairs: number
    readonly stepIndex: number
    readonly stepCount: number
  } | null
  readonly drift: DriftView | null
  readonly held: boolean
}
