/** One entry of a tree, as Git names it. Nothing in it has been checked: paths are hostile text. */
export interface TreeEntry {
  /** Six octal digits; `100644` and `100755` are files, `120000` a symlink, `160000` a submodule. */
  readonly mode: string
  readonly oid: string
  readonly sizeBytes: number
  /** From the root of the repository; bytes that are no UTF-8 became U+FFFD. */
  readonly path: string
}

const LINE = /^([0-7]{6}) [a-z]+ ([0-9a-f]{40,64}) +(\d+|-)\t([\s\S]+)$/

/** Reads the output of `git ls-tree -r -z -l`. Lines that git would never write are left out. */
export function parseTree(output: Buffer): TreeEntry[] {
  const entries: TreeEntry[] = []
  for (const line of output.toString('utf8').split('\0')) {
    const [, mode, oid, size, path] = LINE.exec(line) ?? []
    if (mode === undefined || oid === undefined || path === undefined) continue
    entries.push({ mode, oid, sizeBytes: size === '-' ? 0 : Number(size), path })
  }
  return entries
}
