import type { LoadRecord } from './load/load-record.ts'

/**
 * A request that no node has read: its connection was refused, or reset before the first answer. The kernel takes connections before the
 * node does, and those that wait in the queue of a port end with it; only who asks for readiness first is spared that.
 */
export function wasNeverSent({ error }: LoadRecord): boolean {
  return (
    error !== null &&
    /ECONNREFUSED|(ECONNRESET|socket hang up) on a new connection|^write ECONNRESET/.test(error)
  )
}

/** Requests that were neither answered nor left with nobody: a node has taken their connection and must answer. */
export function lost(records: readonly LoadRecord[]): readonly LoadRecord[] {
  return records.filter((record) => record.error !== null && !wasNeverSent(record))
}
