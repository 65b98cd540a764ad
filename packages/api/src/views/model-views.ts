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
import type { AnalysisView } from './analysis-views.ts'

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

/** One step of the rail. */
export interface StepView {
  readonly step: 'validate' | 'load' | 'shadow' | 'approval' | 'canary' | 'promote' | 'bake'
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
  /** Percent of requests that the candidate answers in the canary step reached; null while there was none. */
  readonly canaryPercent: number | null
  /** Percent of requests, step by step, as the policy says; empty: no canary. */
  readonly canaryWeights: readonly number[]
  /** How long the version before keeps judging after the promotion; 0: not at all. */
  readonly bakeSeconds: number
  /** When the present state is left by itself, ISO 8601; null when it stands until something happens. */
  readonly deadlineAt: string | null
  /** End of the freeze window that now holds promotion back, ISO 8601. */
  readonly frozenUntil: string | null
  /** Who let it go live without a verdict, and why. */
  readonly promotedNow: { readonly actor: string; readonly reason: string; readonly at: string } | null
  readonly approvalsRequired: number
  readonly approvedBy: readonly string[]
  readonly approvals: readonly ApprovalView[]
  /** Of these groups some must be among the approvers. */
  readonly approvalGroups: readonly {
    readonly name: string
    readonly required: number
    readonly given: number
  }[]
  /** Beside the version that it is a compressed form of; null for any other. */
  readonly variant: VariantView | null
  readonly examples: readonly PairExampleView[]
  readonly traceId: string | null
  /** What the present actor may do now; each with the sentence why not where it is false. */
  readonly may: Readonly<Record<RolloutAct, { readonly allowed: boolean; readonly because: string }>>
}

/** What a person may do about a rollout. */
export type RolloutAct = 'approve' | 'reject' | 'retry' | 'abort' | 'pause' | 'resume' | 'promoteNow'

/** One person's approval. Times are ISO 8601. */
export interface ApprovalView {
  readonly actor: string
  readonly comment: string | null
  readonly at: string
  readonly expiresAt: string
  /** Given for these digests and this policy, and not expired. */
  readonly valid: boolean
}

/** A compressed version beside the one it was made from. */
export interface VariantView {
  readonly of: number
  readonly sizeBytes: number
  readonly parentSizeBytes: number
  readonly loadMs: number | null
  readonly parentLoadMs: number | null
  readonly memoryBytes: number | null
  readonly parentMemoryBytes: number | null
  /** Median run time of each in the pairs run apart, in milliseconds, to a fifth; null while there are none. */
  readonly runMs: number | null
  readonly parentRunMs: number | null
  /** Share of pairs in which every compared output agreed; null while there are none, or where another version was live. */
  readonly agreement: number | null
  readonly pairs: number
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
  /** Past it the hold still stands, and alarms; null: it does not run out. */
  readonly expiresAt: string | null
}

/** What the environment file asks to be live. */
export interface PointerView {
  readonly number: number
  /** From the root of the repository. */
  readonly file: string
  /** Since when it names this number, ISO 8601. */
  readonly since: string
  /** It was carried out, or a promotion overtook it: it starts nothing more until it changes. */
  readonly settled: boolean
}

/** A label of the user's own. */
export interface LabelView {
  readonly label: string
  /** Where it points on every node that is up to date; null: nowhere yet. */
  readonly number: number | null
  /** Where the environment file wants it; null: nowhere any more. */
  readonly wanted: number | null
  /** What keeps it from there; null when nothing does. */
  readonly waits: string | null
}

/** How a version came to be live. */
export type PromotionKind = 'first' | 'evidence' | 'immediate' | 'returning' | 'promoteNow' | 'rollback'

export interface PromotionView {
  readonly generation: number
  readonly kind: PromotionKind
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
  /** Null where the environment file leaves what is live to the trigger. */
  readonly pointer: PointerView | null
  /** By name. */
  readonly labels: readonly LabelView[]
  readonly policy: readonly PolicyLine[]
  readonly policyHash: string
  readonly promotions: readonly PromotionView[]
  /** What stands at the tip and cannot be taken: a directory that is no number, a wrong `model.yaml`, a label that may not move. */
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
