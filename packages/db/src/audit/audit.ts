import { canonicalJson, sha256Hex } from '@understudy/core'
import type { Tx } from '../database.ts'
import { storableJson, storableText } from '../node/storable-text.ts'

/** One thing that happened and who let it. `sentence` is what a person reads; `details` hold the facts. */
export interface AuditEntry {
  readonly actor: string
  readonly action: string
  readonly model?: string | undefined
  readonly number?: number | undefined
  readonly sentence: string
  readonly reason?: string | undefined
  readonly details?: Readonly<Record<string, unknown>> | undefined
}

/** The previous hash of the first entry. */
export const GENESIS_HASH = '0'.repeat(64)

/** Key of the advisory lock under which the chain grows. */
const AUDIT_LOCK = 7_205_759_403

interface HashedFields {
  readonly seq: number
  readonly at: string
  readonly actor: string
  readonly action: string
  readonly model: string | null
  readonly number: number | null
  readonly sentence: string
  readonly reason: string | null
  readonly details: unknown
}

/** Hash of an entry: sha256 over the previous hash and the canonical JSON of its fields. */
export function auditHash(previousHash: string, fields: HashedFields): string {
  return sha256Hex(`${previousHash}\n${canonicalJson(fields)}`)
}

/**
 * Appends to the hash chain, inside the transaction that did what it records.
 *
 * REQUIRES: READ COMMITTED, and that this is the last thing the transaction does: the lock comes before the read of the
 * last entry, and a snapshot taken earlier would fork the chain (the unique previous hash would then refuse it).
 */
export async function audit(tx: Tx, entry: AuditEntry): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(${AUDIT_LOCK}::bigint)`
  const [last] = await tx.$queryRaw<{ seq: bigint; hash: string; now: Date }[]>`
    SELECT coalesce(max(a.seq), 0) AS seq, coalesce((SELECT hash FROM audit ORDER BY seq DESC LIMIT 1), ${GENESIS_HASH}) AS hash,
      date_trunc('milliseconds', clock_timestamp()) AS now FROM audit a`
  if (!last) throw new Error('the audit query returned no row')
  const fields: HashedFields = {
    seq: Number(last.seq) + 1,
    at: last.now.toISOString(),
    actor: storableText(entry.actor),
    action: entry.action,
    model: entry.model ?? null,
    number: entry.number ?? null,
    sentence: storableText(entry.sentence),
    reason: entry.reason === undefined ? null : storableText(entry.reason),
    details: JSON.parse(storableJson(entry.details ?? {})),
  }
  const hash = auditHash(last.hash, fields)
  await tx.$executeRaw`
    INSERT INTO audit (seq, at, actor, action, model, number, sentence, reason, details, previous_hash, hash)
    VALUES (${fields.seq}, ${fields.at}::timestamptz, ${fields.actor}, ${fields.action}, ${fields.model}, ${fields.number}::bigint,
      ${fields.sentence}, ${fields.reason}, ${JSON.stringify(fields.details)}::jsonb, ${last.hash}, ${hash})`
}
