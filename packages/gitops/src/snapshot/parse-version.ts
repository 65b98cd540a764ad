import { versionName } from '@understudy/core'
import { isSafePath } from '../artifacts/safe-path.ts'
import type { TreeEntry } from '../mirror/tree-entry.ts'
import { fingerprint, isRegularFile } from './fingerprint.ts'
import { ENTRY_POINT, NOTES_FILE, SNAPSHOT_LIMITS } from './limits.ts'
import { type Problem, problem, tidyProblems } from './problem.ts'
import type { FileKind, SnapshotFile, VersionSnapshot } from './repository-snapshot.ts'

export function fileKind(path: string): FileKind {
  if (path === 'golden' || path.startsWith('golden/')) return 'golden'
  return path === NOTES_FILE || /^README(\.[A-Za-z]+)?$/i.test(path) ? 'meta' : 'serving'
}

const MAX_FILE_BYTES = {
  serving: SNAPSHOT_LIMITS.maxServingFileBytes,
  golden: SNAPSHOT_LIMITS.maxGoldenFileBytes,
  meta: SNAPSHOT_LIMITS.maxMetaFileBytes,
} as const satisfies Record<FileKind, number>

/** Why one entry is refused; undefined when it is a file like any other. Paths are relative to the version directory. */
function refusal(entry: TreeEntry, full: string): Problem | undefined {
  if (!isSafePath(entry.path)) {
    return problem(
      full,
      'gitops.path_refused',
      `${full}: the path leaves its directory or holds characters that are refused.`,
    )
  }
  if (entry.mode === '120000') {
    return problem(full, 'gitops.symlink_refused', `${full} is a symlink: push the file itself.`)
  }
  if (entry.mode === '160000') {
    return problem(full, 'gitops.path_refused', `${full} is a submodule: push the files themselves.`)
  }
  if (!isRegularFile(entry)) return problem(full, 'gitops.path_refused', `${full} is no regular file.`)
  const kind = fileKind(entry.path)
  const limit = entry.path === ENTRY_POINT ? SNAPSHOT_LIMITS.maxModelFileBytes : MAX_FILE_BYTES[kind]
  if (entry.sizeBytes > limit) {
    return problem(
      full,
      'gitops.file_too_large',
      `${full} has ${entry.sizeBytes} bytes; at most ${limit} are taken.`,
    )
  }
  if (entry.sizeBytes === 0 && (entry.path === ENTRY_POINT || kind === 'golden')) {
    return problem(full, 'gitops.file_empty', `${full} has 0 bytes.`)
  }
  return undefined
}

/** Two names that one file system or another would take for the same, or a file that is also a directory. */
function collisions(entries: readonly TreeEntry[], directory: string): Problem[] {
  const seen = new Set<string>()
  const found: Problem[] = []
  const folders = new Set(entries.flatMap((entry) => ancestors(entry.path.toLowerCase())))
  for (const entry of entries) {
    const folded = entry.path.toLowerCase()
    if (seen.has(folded) || folders.has(folded)) {
      const full = `${directory}/${entry.path}`
      found.push(
        problem(
          full,
          'gitops.path_refused',
          `${full}: another file has this name, but for upper and lower case.`,
        ),
      )
    }
    seen.add(folded)
  }
  return found
}

function ancestors(path: string): string[] {
  const steps = path.split('/')
  return steps.slice(1).map((_, index) => steps.slice(0, index + 1).join('/'))
}

function sum(files: readonly SnapshotFile[]): number {
  return files.reduce((total, file) => total + file.sizeBytes, 0)
}

/** What is wrong with the version as a whole. */
function wholeProblems(
  directory: string,
  entries: readonly TreeEntry[],
  files: readonly SnapshotFile[],
): Problem[] {
  const { maxFilesPerVersion, maxGoldenFiles, maxGoldenBytes, maxServingBytes } = SNAPSHOT_LIMITS
  const golden = files.filter((file) => file.kind === 'golden')
  const tooMany = (count: number, limit: number, at: string) =>
    problem(at, 'gitops.too_many_files', `${at} holds ${count} files; at most ${limit} are taken.`)
  const tooLarge = (limit: number, at: string) =>
    problem(at, 'gitops.file_too_large', `${at} holds more than ${limit} bytes.`)
  return [
    ...(entries.length > maxFilesPerVersion ? [tooMany(entries.length, maxFilesPerVersion, directory)] : []),
    ...(golden.length > maxGoldenFiles
      ? [tooMany(golden.length, maxGoldenFiles, `${directory}/golden`)]
      : []),
    ...(sum(golden) > maxGoldenBytes ? [tooLarge(maxGoldenBytes, `${directory}/golden`)] : []),
    ...(sum(files) - sum(golden) > maxServingBytes ? [tooLarge(maxServingBytes, directory)] : []),
    ...(entries.some((entry) => entry.path === ENTRY_POINT)
      ? []
      : [problem(directory, 'gitops.model_file_missing', `${directory} holds no ${ENTRY_POINT}.`)]),
  ]
}

/** Reads one version out of the entries below its directory (paths relative to it). Pure; refuses entry by entry. */
export function parseVersion(model: string, number: number, below: readonly TreeEntry[]): VersionSnapshot {
  const directory = `models/${model}/${number}`
  const entries = [...below].sort((a, b) => (a.path < b.path ? -1 : 1))
  const refused = new Map<TreeEntry, Problem>()
  const files: SnapshotFile[] = []
  for (const entry of entries.slice(0, SNAPSHOT_LIMITS.maxFilesPerVersion)) {
    const why = refusal(entry, `${directory}/${entry.path}`)
    if (why) refused.set(entry, why)
    else files.push({ ...entry, kind: fileKind(entry.path) })
  }
  return {
    model,
    number,
    path: directory,
    files,
    servingFingerprint: fingerprint(entries.filter((entry) => fileKind(entry.path) === 'serving')),
    goldenFingerprint: fingerprint(entries.filter((entry) => fileKind(entry.path) === 'golden')),
    variantOf: null,
    problems: tidyProblems([
      ...refused.values(),
      ...collisions(entries, directory),
      ...wholeProblems(directory, entries, files),
    ]),
  }
}

/** How a version directory that is itself no directory (a symlink, a submodule, a file) is refused. */
export function refusedVersion(model: string, number: number, entry: TreeEntry): VersionSnapshot {
  const directory = `models/${model}/${number}`
  const link = entry.mode === '120000'
  const kind = link ? 'a symlink' : entry.mode === '160000' ? 'a submodule' : 'a file'
  const text = `${directory} is ${kind}, so ${versionName(model, number)} cannot be read: push a directory.`
  return {
    model,
    number,
    path: directory,
    files: [],
    servingFingerprint: fingerprint([{ ...entry, path: '' }]),
    goldenFingerprint: fingerprint([]),
    variantOf: null,
    problems: [problem(directory, link ? 'gitops.symlink_refused' : 'gitops.path_refused', text)],
  }
}
