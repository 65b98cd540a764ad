import type {
  ModelConfig,
  OutputComparison,
  PauseReason,
  RolloutKind,
  RolloutState,
  RolloutStep,
  ServableState,
  Signature,
  Standing,
  VerdictOutcome,
  VersionState,
} from '@understudy/core'
import type { ExecutorReplacements, UserLabels } from '@understudy/rollout'
import type { EvidenceRecord } from './evidence-record.ts'

export interface Reason {
  readonly code: string
  readonly message: string
}

/** What befell the processes of a version, of one kind: the last that are kept. */
export interface IncidentSummary {
  readonly kind: 'crash' | 'hang' | 'memory' | 'frame'
  readonly count: number
  /** Of these, how often an input did it again, alone. */
  readonly confirmed: number
  /** Of the newest. */
  readonly message: string
  readonly at: Date
}

/** By output. */
export type SuggestedComparisons = Readonly<Record<string, OutputComparison>>

/** `fresh`: with evidence of its own, judged more strictly; `rehearsal`: a shadow without promotion. */
export type RequestedAs = 'fresh' | 'rehearsal'

export interface VersionRecord {
  readonly number: number
  readonly digest: string
  readonly commit: string
  readonly commitSubject: string
  readonly authorName: string
  readonly committedAt: Date
  readonly state: VersionState
  readonly reasons: readonly Reason[]
  /** Changed bytes under this number that were refused. */
  readonly refusals: readonly Reason[]
  readonly atTip: boolean
  readonly signature: Signature | null
  readonly batchable: boolean | null
  readonly loadMs: number | null
  readonly memoryBytes: number | null
  /** Newest kind first. */
  readonly incidents: readonly IncidentSummary[]
  readonly sizeBytes: number
  /** How outputs are compared where `model.yaml` does not say; null for a version that was validated before that was suggested. */
  readonly suggested: SuggestedComparisons | null
  /** The number that it is a compressed form of. */
  readonly variantOf: number | null
  readonly traceparent: string | null
  readonly discoveredAt: Date
  readonly validatedAt: Date | null
}

export interface StandingRecord {
  readonly digest: string
  readonly standing: Standing
  readonly reason: string | null
  readonly actor: string
  readonly updatedAt: Date
}

export interface HoldRecord {
  readonly number: number
  readonly reason: string
  readonly actor: string
  readonly createdAt: Date
  /** Past it the hold stands and alarms; null: it does not run out. */
  readonly expiresAt: Date | null
}

/** What the environment file says of a model. */
export interface PointerRecord {
  /** Where it stands, for people. */
  readonly file: string
  /** The number that shall be live; null: the trigger decides. */
  readonly live: number | null
  /** Where labels shall point; where they do is in the plan. */
  readonly labels: UserLabels
  /** When, and with which commit, it began to name this number. */
  readonly changedAt: Date
  readonly commit: string
  /** The number was live, or a promotion overtook it: it starts nothing more. */
  readonly settled: boolean
}

export interface StepRecord {
  readonly step: RolloutStep
  readonly startedAt: string
  readonly endedAt: string | null
  /** Of a canary: percent of the requests that the candidate answers. */
  readonly weight?: number
}

export interface ApprovalRecord {
  readonly id: string
  readonly actor: string
  readonly comment: string | null
  readonly candidateDigest: string
  readonly baselineDigest: string | null
  readonly policyHash: string
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly consumedAt: Date | null
}

export interface RolloutRecord {
  readonly id: string
  readonly number: number
  readonly digest: string
  readonly baselineNumber: number | null
  readonly baselineDigest: string | null
  readonly policyHash: string
  readonly kind: RolloutKind
  readonly state: RolloutState
  readonly step: RolloutStep
  /** The canary weight reached, counted from 0 in the policy's list; null while there was none. */
  readonly weightIndex: number | null
  readonly pauseReason: PauseReason | null
  /** Who let it go live without a verdict, and why. */
  readonly promotedNow: { readonly actor: string; readonly reason: string; readonly at: Date } | null
  readonly reason: string | null
  readonly summary: string | null
  readonly verdict: VerdictOutcome | null
  readonly stepStartedAt: Date
  readonly startedAt: Date
  readonly endedAt: Date | null
  readonly steps: readonly StepRecord[]
  readonly traceparent: string | null
  readonly approvals: readonly ApprovalRecord[]
  /** Null for rollouts that collect none. */
  readonly evidence: EvidenceRecord | null
  /** Processes of the candidate that had to be ended while it was open. */
  readonly replacements: readonly ExecutorReplacements[]
  /** What was said of the newest crash of the candidate while it answered clients that the same input repeated alone; null: there was none. */
  readonly confirmedCrash: string | null
}

export interface ServableRecord {
  readonly node: string
  /** The node holds a lease and has joined. */
  readonly joined: boolean
  readonly number: number
  readonly digest: string
  readonly state: ServableState
  readonly reason: string | null
}

/** One node with a lease, as one model sees it. */
export interface NodeRecord {
  readonly node: string
  readonly joined: boolean
  readonly startedAt: Date
  readonly observedGeneration: number
}

export interface PromotionRecord {
  readonly generation: number
  readonly kind: string
  readonly fromNumber: number | null
  readonly toNumber: number
  readonly toDigest: string
  readonly actor: string
  readonly reason: string | null
  readonly at: Date
}

/** Everything recorded about one model, of one moment: what every decider and every page is made of. */
export interface ModelRecord {
  readonly name: string
  readonly config: ModelConfig
  readonly configText: string | null
  readonly configProblem: string | null
  readonly repository: { readonly url: string; readonly stalledReason: string | null }
  /** A number that a person asked to be tried and no rollout has answered yet. */
  readonly requested: number | null
  /** How it is asked for: null for a rollout as the policy says. */
  readonly requestedAs: RequestedAs | null
  readonly drift: { readonly reason: string; readonly detail: string; readonly since: Date } | null
  readonly problems: readonly { readonly path: string; readonly code: string; readonly message: string }[]
  /** Newest number first. */
  readonly versions: readonly VersionRecord[]
  readonly standings: readonly StandingRecord[]
  readonly hold: HoldRecord | null
  /** Null: the environment file says nothing of it. */
  readonly pointer: PointerRecord | null
  readonly generation: number
  readonly live: number | null
  readonly previous: number | null
  /** Labels of the user's own, as the plan has them. */
  readonly labels: UserLabels
  readonly aspired: readonly number[]
  /** Newest first; the open one, if any, is the first. */
  readonly rollouts: readonly RolloutRecord[]
  readonly promotions: readonly PromotionRecord[]
  readonly nodes: readonly NodeRecord[]
  readonly servables: readonly ServableRecord[]
  /** The database's clock when this was read. */
  readonly readAt: Date
}

/** The open rollout, if there is one. */
export function openRollout(record: ModelRecord): RolloutRecord | undefined {
  return record.rollouts.find((rollout) => rollout.state === 'progressing' || rollout.state === 'paused')
}

export function versionOf(record: ModelRecord, number: number | null): VersionRecord | undefined {
  return number === null ? undefined : record.versions.find((version) => version.number === number)
}

export function standingOf(record: ModelRecord, digest: string): Standing {
  return record.standings.find((row) => row.digest === digest)?.standing ?? 'untried'
}
