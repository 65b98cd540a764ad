import { parseVersionNotes, toPlatformError } from '@understudy/core'
import { NOTES_FILE, SNAPSHOT_LIMITS } from './limits.ts'
import type { ParsedTree } from './parse-snapshot.ts'
import { type Problem, problem, tidyProblems } from './problem.ts'
import type { ModelSnapshot, RepositorySnapshot, VersionSnapshot } from './repository-snapshot.ts'

/** Object ids of every small text that a snapshot still needs, and how many bytes they may have together. */
export function neededTexts({ snapshot, configOids }: ParsedTree): {
  readonly oids: readonly string[]
  readonly maxBytes: number
} {
  const notes = snapshot.models.flatMap(({ versions }) =>
    versions.flatMap((version) => notesOf(version)?.oid ?? []),
  )
  const oids = [...new Set([...configOids.values(), ...notes])]
  return { oids, maxBytes: oids.length * SNAPSHOT_LIMITS.maxConfigBytes }
}

/** The snapshot with the texts of its `model.yaml` and `version.yaml` files; one that cannot be read becomes a problem. */
export function withTexts(parsed: ParsedTree, texts: ReadonlyMap<string, Uint8Array>): RepositorySnapshot {
  const models = parsed.snapshot.models.map((model) =>
    withConfig(
      { ...model, versions: model.versions.map((version) => withNotes(version, texts)) },
      parsed,
      texts,
    ),
  )
  return { ...parsed.snapshot, models }
}

/** Its `version.yaml`, unless that is too large to be read. */
function notesOf({ files }: VersionSnapshot) {
  return files.find(
    ({ path, sizeBytes }) => path === NOTES_FILE && sizeBytes <= SNAPSHOT_LIMITS.maxConfigBytes,
  )
}

function withConfig(
  model: ModelSnapshot,
  { configOids }: ParsedTree,
  texts: ReadonlyMap<string, Uint8Array>,
): ModelSnapshot {
  const bytes = textBytes(configOids.get(model.name), texts)
  if (!bytes) return model
  const configText = textOf(bytes)
  if (configText !== undefined) return { ...model, configText }
  const path = `models/${model.name}/model.yaml`
  return withProblem(model, notText(path))
}

function withNotes(version: VersionSnapshot, texts: ReadonlyMap<string, Uint8Array>): VersionSnapshot {
  const bytes = textBytes(notesOf(version)?.oid, texts)
  if (!bytes) return version
  const path = `${version.path}/${NOTES_FILE}`
  const text = textOf(bytes)
  if (text === undefined) return withProblem(version, notText(path))
  try {
    return { ...version, ...parseVersionNotes(text, path) }
  } catch (error) {
    const { code, message } = toPlatformError(error)
    return withProblem(version, problem(path, code, message))
  }
}

function textBytes(oid: string | undefined, texts: ReadonlyMap<string, Uint8Array>): Uint8Array | undefined {
  return oid === undefined ? undefined : texts.get(oid)
}

function notText(path: string): Problem {
  return problem(path, 'gitops.config_invalid', `${path} is not UTF-8 text.`)
}

function withProblem<T extends { readonly problems: readonly Problem[] }>(subject: T, found: Problem): T {
  return { ...subject, problems: tidyProblems([...subject.problems, found]) }
}

/** UTF-8 text without NUL, which no database column holds; undefined for other bytes. */
function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
