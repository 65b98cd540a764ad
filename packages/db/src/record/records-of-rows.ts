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
import type {
  Reason,
  RolloutRecord,
  StepRecord,
  SuggestedComparisons,
  VersionRecord,
} from './model-record.ts'
import type { CrashRow, IncidentRow, ReplacementRow } from './rows/incident-rows.ts'
import type { RolloutRow } from './rows/rollout-rows.ts'
import { at, atOrNull } from './rows/together.ts'
import type { VersionRow } from './rows/version-rows.ts'

const reasonsOf = (json: unknown): readonly Reason[] => (Array.isArray(json) ? (json as Reason[]) : [])

/** JSON columns hold what this package wrote, after validation: they are read back as that type. */
function stored<T>(json: unknown): T {
  return json as T
}

/** A version as its row says it, with what befell its processes. */
export function versionRecord(row: VersionRow, incidents: readonly IncidentRow[]): VersionRecord {
  return {
    number: row.number,
    digest: row.digest,
    commit: row.commit,
    commitSubject: row.commitSubject,
    authorName: row.authorName,
    committedAt: at(row.committedAt),
    state: row.state as VersionState,
    reasons: reasonsOf(row.reasons),
    refusals: reasonsOf(row.refusals),
    atTip: row.atTip,
    signature: stored<Signature | null>(row.signature),
    batchable: row.batchable,
    loadMs: row.loadMs,
    memoryBytes: row.memoryBytes,
    incidents: incidents
      .filter((incident) => incident.number === row.number && incident.digest === row.digest)
      .map((incident) => ({
        kind: incident.kind,
        count: incident.count,
        confirmed: incident.confirmed,
        message: incident.message,
        at: at(incident.at),
      })),
    sizeBytes: row.sizeBytes,
    suggested: stored<SuggestedComparisons | null>(row.suggested),
    variantOf: row.variantOf,
    traceparent: row.traceparent,
    discoveredAt: at(row.discoveredAt),
    validatedAt: atOrNull(row.validatedAt),
  }
}

export interface RolloutParts {
  readonly evidence: ReadonlyMap<string, EvidenceRecord>
  readonly replacements: readonly ReplacementRow[]
  readonly crashes: readonly CrashRow[]
}

/** A rollout as its row says it, with the evidence of its series and what happened meanwhile. */
export function rolloutRecord(
  row: RolloutRow,
  { evidence, replacements, crashes }: RolloutParts,
): RolloutRecord {
  return {
    id: row.id,
    number: row.number,
    digest: row.digest,
    baselineNumber: row.baselineNumber,
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
        : { actor: row.promotedNowBy, reason: row.promotedNowReason ?? '', at: at(row.promotedNowAt) },
    reason: row.reason,
    summary: row.summary,
    verdict: row.verdict as VerdictOutcome | null,
    stepStartedAt: at(row.stepStartedAt),
    startedAt: at(row.startedAt),
    endedAt: atOrNull(row.endedAt),
    steps: stored<readonly StepRecord[]>(row.steps),
    traceparent: row.traceparent,
    approvals: row.approvals.map(({ createdAt, expiresAt, consumedAt, ...approval }) => ({
      ...approval,
      createdAt: at(createdAt),
      expiresAt: at(expiresAt),
      consumedAt: atOrNull(consumedAt),
    })),
    evidence: row.seriesId === null ? null : (evidence.get(row.seriesId) ?? null),
    replacements: replacements
      .filter((replacement) => replacement.rolloutId === row.id)
      .map(({ kind, count, message }) => ({ kind, count, message })),
    confirmedCrash: crashes.find((crash) => crash.rolloutId === row.id)?.message ?? null,
  }
}
