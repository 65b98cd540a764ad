import type {
  PauseReason,
  RolloutKind,
  RolloutState,
  RolloutStep,
  Signature,
  VerdictOutcome,
  VersionState,
} from '@understudy/core'
import type { EvidenceRecord } from './evidence-record.ts'
import type { IncidentRow, loadCrashRows, loadReplacementRows } from './load-incidents.ts'
import type { RolloutRow, VersionRow } from './load-rows.ts'
import type {
  Reason,
  RolloutRecord,
  StepRecord,
  SuggestedComparisons,
  VersionRecord,
} from './model-record.ts'

const reasonsOf = (json: unknown): readonly Reason[] => (Array.isArray(json) ? (json as Reason[]) : [])

/** JSON columns hold what this package wrote, after validation: they are read back as that type. */
function stored<T>(json: unknown): T {
  return json as T
}

/** A version as its row says it, with what befell its processes. */
export function versionRecord(row: VersionRow, incidents: readonly IncidentRow[]): VersionRecord {
  return {
    number: Number(row.number),
    digest: row.digest,
    commit: row.commit,
    commitSubject: row.commitSubject,
    authorName: row.authorName,
    committedAt: row.committedAt,
    state: row.state as VersionState,
    reasons: reasonsOf(row.reasons),
    refusals: reasonsOf(row.refusals),
    atTip: row.atTip,
    signature: stored<Signature | null>(row.signature),
    batchable: row.batchable,
    loadMs: row.loadMs,
    memoryBytes: row.memoryBytes === null ? null : Number(row.memoryBytes),
    incidents: incidents
      .filter((incident) => incident.number === row.number && incident.digest === row.digest)
      .map(({ kind, count, confirmed, message, at }) => ({ kind, count, confirmed, message, at })),
    sizeBytes: Number(row.sizeBytes),
    suggested: stored<SuggestedComparisons | null>(row.suggested),
    variantOf: row.variantOf === null ? null : Number(row.variantOf),
    traceparent: row.traceparent,
    discoveredAt: row.discoveredAt,
    validatedAt: row.validatedAt,
  }
}

export interface RolloutParts {
  readonly evidence: ReadonlyMap<string, EvidenceRecord>
  readonly replacements: Awaited<ReturnType<typeof loadReplacementRows>>
  readonly crashes: Awaited<ReturnType<typeof loadCrashRows>>
}

/** A rollout as its row says it, with the evidence of its series and what happened meanwhile. */
export function rolloutRecord(
  row: RolloutRow,
  { evidence, replacements, crashes }: RolloutParts,
): RolloutRecord {
  return {
    id: row.id,
    number: Number(row.number),
    digest: row.digest,
    baselineNumber: row.baselineNumber === null ? null : Number(row.baselineNumber),
    baselineDigest: row.baselineDigest,
    policyHash: row.policyHash,
    kind: row.kind as RolloutKind,
    state: row.state as RolloutState,
    step: row.step as RolloutStep,
    weightIndex: row.weightIndex,
    pauseReason: row.pauseReason as PauseReason | null,
    promotedNow:
      row.promotedNowBy === null || row.promotedNowAt === null
        ? null
        : { actor: row.promotedNowBy, reason: row.promotedNowReason ?? '', at: row.promotedNowAt },
    reason: row.reason,
    summary: row.summary,
    verdict: row.verdict as VerdictOutcome | null,
    stepStartedAt: row.stepStartedAt,
    startedAt: row.startedAt,
    endedAt: row.endedAt,
    steps: stored<readonly StepRecord[]>(row.steps),
    traceparent: row.traceparent,
    approvals: row.approvals,
    evidence: row.seriesId === null ? null : (evidence.get(row.seriesId) ?? null),
    replacements: replacements
      .filter((replacement) => replacement.rolloutId === row.id)
      .map(({ kind, count, message }) => ({ kind, count, message })),
    confirmedCrash: crashes.find((crash) => crash.rolloutId === row.id)?.message ?? null,
  }
}
