import { PlatformError } from '@understudy/core'
import { type GitProcessOptions, readGit, streamGit } from '../git/git-process.ts'
import { parseTree, type TreeEntry } from './tree-entry.ts'

const MAX_TREE_BYTES = 64 * 1024 * 1024
const OBJECT_ID = /^[0-9a-f]{40}([0-9a-f]{24})?$/

function checkObjectId(oid: string): string {
  if (OBJECT_ID.test(oid)) return oid
  throw new PlatformError('gitops.mirror_damaged', `"${oid.slice(0, 80)}" is not the id of a Git object.`)
}

/** Every entry at or below `path` of a commit, in Git's order; a commit without that path has none. */
export async function readTree(
  commit: string,
  path: string,
  options: GitProcessOptions,
): Promise<TreeEntry[]> {
  const args = ['ls-tree', '-r', '-z', '-l', '--full-tree', checkObjectId(commit), '--', path]
  return parseTree(await readGit(args, { ...options, maxBytes: MAX_TREE_BYTES }))
}

/** Streams one blob's exact bytes. Filters, checkouts and text conversions never touch them. */
export function openBlob(oid: string, options: GitProcessOptions): AsyncIterable<Uint8Array> {
  return streamGit(['cat-file', 'blob', checkObjectId(oid)], options)
}

/** Splits the output of `git cat-file --batch`: `<oid> blob <size>\n<bytes>\n`, once per object. */
function parseBatch(output: Buffer): Map<string, Buffer> {
  const blobs = new Map<string, Buffer>()
  let offset = 0
  while (offset < output.length) {
    const end = output.indexOf(0x0a, offset)
    const [, oid, size] = /^([0-9a-f]+) blob (\d+)$/.exec(output.toString('latin1', offset, end)) ?? []
    if (end === -1 || oid === undefined)
      throw new PlatformError('gitops.mirror_damaged', 'An object is missing.')
    const start = end + 1
    blobs.set(oid, output.subarray(start, start + Number(size)))
    offset = start + Number(size) + 1
  }
  return blobs
}

/** Small blobs by id, all in one process; together at most `maxBytes`. */
export async function readSmallBlobs(
  oids: readonly string[],
  options: GitProcessOptions & { readonly maxBytes: number },
): Promise<Map<string, Buffer>> {
  const wanted = [...new Set(oids)].map(checkObjectId)
  if (wanted.length === 0) return new Map()
  const input = `${wanted.join('\n')}\n`
  const headers = wanted.length * 128
  return parseBatch(
    await readGit(['cat-file', '--batch'], { ...options, input, maxBytes: options.maxBytes + headers }),
  )
}
