import type { Tx } from '@understudy/db'
import type { AuditEntryView, AuditPage, LiveAtView } from '../../views/index.ts'

type AuditRow = Awaited<ReturnType<Tx['audit']['findMany']>>[number]

function entryView(row: AuditRow): AuditEntryView {
  return {
    seq: Number(row.seq),
    at: row.at.toISOString(),
    actor: row.actor,
    action: row.action,
    model: row.modelName,
    version: row.number === null ? null : Number(row.number),
    sentence: row.sentence,
    reason: row.reason,
    hash: row.hash,
  }
}

export interface AuditQuery {
  readonly before?: number | undefined
  readonly model?: string | undefined
  readonly limit: number
}

/** A page of the log, newest first. */
export async function readAudit(tx: Tx, query: AuditQuery): Promise<AuditPage> {
  const model = query.model === undefined ? {} : { modelName: query.model }
  const rows = await tx.audit.findMany({
    where: { ...model, ...(query.before === undefined ? {} : { seq: { lt: query.before } }) },
    orderBy: { seq: 'desc' },
    take: query.limit + 1,
  })
  const entries = rows.slice(0, query.limit).map(entryView)
  return {
    entries,
    total: await tx.audit.count({ where: model }),
    next: rows.length > query.limit ? (entries.at(-1)?.seq ?? null) : null,
  }
}

/** What was live at a moment, and who let it: the last promotion of each model up to then. */
export async function readLiveAt(tx: Tx, at: Date): Promise<LiveAtView> {
  const rows = await tx.promotion.findMany({
    where: { at: { lte: at } },
    orderBy: [{ modelName: 'asc' }, { generation: 'desc' }],
    distinct: ['modelName'],
  })
  return {
    at: at.toISOString(),
    models: rows.map((row) => ({
      model: row.modelName,
      number: Number(row.toNumber),
      digest: row.toDigest,
      since: row.at.toISOString(),
      actor: row.actor,
      kind: row.kind,
    })),
  }
}
