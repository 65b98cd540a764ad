import type { LoadRecord } from './load/load-record.ts'

/**
 * A request that no node has taken, as its client can tell: its connection was refused, or was gone before anything could be written, or
 * it was a new one that ended before the first byte came back. The kernel takes connections before the node does, and those that wait in
 * the queue of a port end with it; only who asks for readiness first is spared that.
 */
export function wasNeverSent({ broken }: LoadRecord): boolean {
  if (broken === null) return false
  const { code, systemCall, receivedBytes } = broken
  if (code === 'ECONNREFUSED') return true
  if (code !== 'ECONNRESET' && code !== 'EPIPE') return false
  return systemCall === 'write' || receivedBytes === 0
}

/** Requests that were neither answered nor left with nobody: a node has taken their connection and must answer. */
export function lost(records: readonly LoadRecord[]): readonly LoadRecord[] {
  return records.filter((record) => record.error !== null && !wasNeverSent(record))
}
