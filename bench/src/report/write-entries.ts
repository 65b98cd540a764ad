import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { BenchEntry } from './entry.ts'
import { TARGETS } from './target.ts'

/**
 * Writes the figures as JSON, in the order of the targets. Figures that were not measured this time keep what an earlier run wrote, so
 * that `--only` renews a part.
 */
export async function writeEntries(file: string, entries: readonly BenchEntry[]): Promise<void> {
  const merged = mergeEntries(await readEntries(file), entries)
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(`${file}.draft`, `${JSON.stringify(merged, null, 2)}\n`)
  await rename(`${file}.draft`, file)
}

export function mergeEntries(
  earlier: readonly BenchEntry[],
  entries: readonly BenchEntry[],
): readonly BenchEntry[] {
  return TARGETS.flatMap(({ id }) => {
    const entry = entries.find((one) => one.id === id) ?? earlier.find((one) => one.id === id)
    return entry === undefined ? [] : [entry]
  })
}

/** A file that is missing or holds something else counts as empty. */
async function readEntries(file: string): Promise<readonly BenchEntry[]> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'))
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}
