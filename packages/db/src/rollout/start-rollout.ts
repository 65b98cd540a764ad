import { randomUUID } from 'node:crypto'
import { PlatformError, type RolloutKind, versionName } from '@understudy/core'
import { isCompared } from '@understudy/rollout'
import type { AuditEntry } from '../audit/audit.ts'
import type { Tx } from '../database.ts'
import { aspiredWith } from '../labels/user-labels.ts'
import { setAspired } from '../plan/plan-store.ts'
import { type ModelRecord, type VersionRecord, versionOf } from '../record/model-record.ts'
import { policyHashFor } from './comparisons-of.ts'

const STARTS = {
  evidence: 'is loaded beside the live version to be compared with it',
  first: 'is the first version and goes live when it is loaded and warm',
  immediate: 'goes live without evidence when it is loaded and warm: the strategy is immediate',
  returning: 'has the bytes that are live and takes over when it is loaded and warm',
  rehearsal: 'is loaded beside the live version to be compared with it, and goes live in no case',
} as const satisfies Record<RolloutKind, string>

function startOf(kind: RolloutKind, candidate: VersionRecord, baseline: VersionRecord | undefined): string {
  const isProven = kind === 'returning' && candidate.digest !== baseline?.digest
  return isProven
    ? 'is proven and asked for by the environment file: it takes over when it is loaded and warm'
    : STARTS[kind]
}

interface SeriesKey {
  readonly model: string
  readonly candidate: string
  readonly baseline: string
  readonly policyHash: string
}

/** Opens the next attempt on these digests: whatever was tried before makes it stricter. */
async function newSeries(tx: Tx, { model, candidate, baseline, policyHash }: SeriesKey): Promise<string> {
  const id = randomUUID()
  await tx.$executeRaw`
    INSERT INTO evidence_series (id, model, candidate_digest, baseline_digest, policy_hash, attempt)
    SELECT ${id}::uuid, ${model}, ${candidate}, ${baseline}, ${policyHash}, 1 + coalesce(max(attempt), 0) FROM evidence_series
    WHERE model = ${model} AND candidate_digest = ${candidate} AND baseline_digest = ${baseline}`
  return id
}

/** The series of a rollout: that of the same bytes under the same policy goes on, unless a fresh one is asked for. */
async function seriesFor(tx: Tx, key: SeriesKey, fresh: boolean): Promise<string> {
  const known = fresh
    ? null
    : await tx.evidenceSeries.findFirst({
        where: {
          modelName: key.model,
          candidateDigest: key.candidate,
          baselineDigest: key.baseline,
          policyHash: key.policyHash,
        },
        orderBy: { attempt: 'desc' },
      })
  if (!known) return await newSeries(tx, key)
  await tx.evidenceSeries.update({ where: { id: known.id }, data: { closedAt: null } })
  return known.id
}

async function seriesOf(
  tx: Tx,
  record: ModelRecord,
  contest: { readonly kind: RolloutKind; readonly candidate: VersionRecord; readonly policyHash: string },
): Promise<string | null> {
  const baseline = versionOf(record, record.live)
  const { kind, candidate, policyHash } = contest
  if (!baseline || !isCompared(kind)) return null
  const fresh = record.requested === candidate.number && record.requestedAs === 'fresh'
  const digests = { candidate: candidate.digest, baseline: baseline.digest }
  return await seriesFor(tx, { model: record.name, ...digests, policyHash }, fresh)
}

/**
 * Opens a rollout and aspires its candidate beside live and previous. Returns what to audit, last in the transaction.
 *
 * REQUIRES: the plan's lock, and a record read under it without an open rollout.
 * A changed policy on the same digests is another attempt and is judged more strictly.
 */
export async function startRollout(
  tx: Tx,
  record: ModelRecord,
  start: { readonly number: number; readonly kind: RolloutKind },
): Promise<AuditEntry> {
  const candidate = versionOf(record, start.number)
  if (!candidate)
    throw new PlatformError(
      'rollout.not_found',
      `${versionName(record.name, start.number)} is not in the record.`,
    )
  const baseline = versionOf(record, record.live)
  const hash = policyHashFor(record, candidate)
  const seriesId = await seriesOf(tx, record, { kind: start.kind, candidate, policyHash: hash })
  const now = record.readAt
  const id = randomUUID()
  await tx.rollout.create({
    data: {
      id,
      modelName: record.name,
      number: candidate.number,
      digest: candidate.digest,
      baselineNumber: baseline?.number ?? null,
      baselineDigest: baseline?.digest ?? null,
      policyHash: hash,
      kind: start.kind,
      state: 'progressing',
      step: 'preparing',
      seriesId,
      stepStartedAt: now,
      startedAt: now,
      steps: [{ step: 'preparing', startedAt: now.toISOString(), endedAt: null }],
      traceparent: candidate.traceparent,
    },
  })
  if (record.requested === candidate.number) {
    await tx.model.update({
      where: { name: record.name },
      data: { requestedNumber: null, requestedAs: null },
    })
  }
  await setAspired(tx, record.name, aspiredWith(record, candidate.number))
  return {
    actor: 'controller',
    action: 'rollout.started',
    model: record.name,
    number: candidate.number,
    sentence: `${record.name} v${candidate.number} ${startOf(start.kind, candidate, baseline)}`,
    details: {
      rolloutId: id,
      kind: start.kind,
      digest: candidate.digest,
      baseline: baseline?.digest ?? null,
      policyHash: hash,
      seriesId,
    },
  }
}
