import { canonicalJson, sha256Hex } from '@understudy/core'
import type { TreeEntry } from '../mirror/tree-entry.ts'

const REGULAR = new Set(['100644', '100755', '100664'])

export function isRegularFile(entry: TreeEntry): boolean {
  return REGULAR.has(entry.mode)
}

/** Names a set of entries by path and object id: no bytes are read. The executable bit does not count, another kind of entry does. */
export function fingerprint(entries: readonly TreeEntry[]): string {
  const lines = entries.map((entry) => [
    entry.path,
    isRegularFile(entry) ? entry.oid : `${entry.mode} ${entry.oid}`,
  ])
  return sha256Hex(canonicalJson(lines.sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1))))
}
