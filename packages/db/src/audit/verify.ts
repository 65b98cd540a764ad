import type { Database } from '../database.ts'
import { auditHash, GENESIS_HASH } from './audit.ts'

export type AuditVerification =
  | { readonly ok: true; readonly entries: number; readonly head: string }
  | { readonly ok: false; readonly seq: number; readonly problem: string }

const PAGE = 1_000

/** Recomputes the whole chain and names the first entry that does not fit. */
export async function verifyAudit(database: Database): Promise<AuditVerification> {
  let previous = GENESIS_HASH
  let seq = 0
  for (;;) {
    const rows = await database.prisma.audit.findMany({
      where: { seq: { gt: seq } },
      orderBy: { seq: 'asc' },
      take: PAGE,
    })
    for (const row of rows) {
      const fields = {
        seq: Number(row.seq),
        at: row.at.toISOString(),
        actor: row.actor,
        action: row.action,
        model: row.modelName,
        number: row.number === null ? null : Number(row.number),
        sentence: row.sentence,
        reason: row.reason,
        details: row.details,
      }
      if (fields.seq !== seq + 1) return { ok: false, seq: seq + 1, problem: 'the entry is missing' }
      if (row.previousHash !== previous)
        return { ok: false, seq: fields.seq, problem: 'the entry does not follow the one before it' }
      if (row.hash !== auditHash(previous, fields))
        return { ok: false, seq: fields.seq, problem: 'the entry was changed' }
      previous = row.hash
      seq = fields.seq
    }
    if (rows.length < PAGE) return { ok: true, entries: seq, head: previous }
  }
}
