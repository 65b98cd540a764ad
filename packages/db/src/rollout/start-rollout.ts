import { randomUUID } from 'node:crypto'
import { PlatformError, planServing, type RolloutKind, versionName } from '@understudy/core'
import type { AuditEntry } from '../audit/audit.ts'
import type { Tx } from '../database.ts'
import { setAspired } from '../plan/plan-store.ts'
import { type ModelRecord, versionOf } from '../record/model-record.ts'
import { policyHashFor } from './decider-input.ts'

const STARTS = {
  evidence: 'is loaded beside the live version to be compared with it',
  first: 'is the first version and goes live when it is loaded and warm',
  immediate: 'goes live without evidence when it is loaded and warm: the strategy is immediate',
  returning: 'has the bytes that are live and takes over when it is loaded and warm',
} as const satisfies Record<RolloutKind, string>

/** The series of a rollout: found again for the same bytes under the same policy, so that a retry continues it. */
async function openSeries(
  tx: Tx,
  key: { model: string; candidate: string; baseline: string; policyHash: string },
): Promise<string> {
  const [row] = await tx.$queryRaw<{ id: string }[]>`
    INSERT INTO evidence_series (id, model, candidate_digest, baseline_digest, policy_hash, attempt)
    VALUES (${randomUUID()}::uuid, ${key.model}, ${key.candidate}, ${key.baseline}, ${key.policyHash},
      1 + (SELECT count(*) FROM evidence_series WHERE model = ${key.model} AND candidate_digest = ${key.candidate}
           AND baseline_digest = ${key.baseline} AND policy_hash <> ${key.policyHash})::int)
    ON CONFLICT (model, candidate_digest, baseline_digest, policy_hash, attempt) DO UPDATE SET closed_at = NULL
    RETURNING id`
  if (!row) throw new Error('the series was neither found nor made')
  return row.id
}

async function findSeries(
  tx: Tx,
  key: { model: string; candidate: string; baseline: string; policyHash: string },
): Promise<string> {
  const known = await tx.evidenceSeries.findFirst({
    where: {
      modelName: key.model,
      candidateDigest: key.candidate,
      baselineDigest: key.baseline,
      policyHash: key.policyHash,
    },
    orderBy: { attempt: 'desc' },
  })
  if (!known) return openSeries(tx, key)
  await tx.evidenceSeries.update({ where: { id: known.id }, data: { closedAt: null } })
  return known.id
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
  const seriesId =
    start.kind === 'evidence' && baseline
      ? await findSeries(tx, {
          model: record.name,
          candidate: candidate.digest,
          baseline: baseline.digest,
          policyHash: hash,
        })
      : null
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
    await tx.model.update({ where: { name: record.name }, data: { requestedNumber: null } })
  }
  await setAspired(
    tx,
    record.name,
    planServing({ live: record.live, previous: record.previous, candidate: candidate.number }),
  )
  return {
    actor: 'controller',
    action: 'rollout.started',
    model: record.name,
    number: candidate.number,
    sentence: `${record.name} v${candidate.number} ${STARTS[start.kind]}`,
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
