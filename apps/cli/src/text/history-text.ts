import type { AuditEntryView, AuditPage, PromotionView } from '@understudy/api/views'
import Table from 'cli-table3'
import { BORDERLESS } from './borderless.ts'

interface History extends Pick<AuditPage, 'entries' | 'total'> {
  readonly promotions: readonly PromotionView[]
}

const moment = (iso: string) => iso.slice(0, 19).replace('T', ' ')
const version = (number: number | null) => (number === null ? '–' : `v${number}`)

function promotionsTable(promotions: readonly PromotionView[]): string {
  const table = new Table({ ...BORDERLESS, head: ['LIVE SINCE', 'FROM', 'TO', 'HOW', 'BY'] })
  for (const { at, from, to, kind, actor } of promotions) {
    table.push([moment(at), version(from), version(to), kind, actor])
  }
  return table.toString()
}

function entriesTable(entries: readonly AuditEntryView[]): string {
  const table = new Table({ ...BORDERLESS, head: ['WHEN', 'WHAT', 'WHY'] })
  for (const { at, sentence, reason } of entries) table.push([moment(at), sentence, reason ?? ''])
  return table.toString()
}

/** What was live since when, then what was done; the newest first. Times are UTC. */
export function historyText({ promotions, entries, total }: History): string {
  const live = promotions.length === 0 ? 'Nothing was ever live.' : promotionsTable(promotions)
  const rest =
    total > entries.length ? `\n\n${total - entries.length} older entries are in the audit log.` : ''
  return `${live}\n\n${entriesTable(entries)}${rest}`
}
