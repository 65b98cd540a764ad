import { isModelName, parseVersionNumber, toPlatformError } from '@understudy/core'
import type { TreeEntry } from '../mirror/tree-entry.ts'
import { isRegularFile } from './fingerprint.ts'
import { SNAPSHOT_LIMITS } from './limits.ts'
import { parseVersion, refusedVersion } from './parse-version.ts'
import { type Problem, problem, tidyProblems } from './problem.ts'
import type { ModelSnapshot, RepositorySnapshot, VersionSnapshot } from './repository-snapshot.ts'

/** A snapshot whose `model.yaml` texts still have to be read: `configOids` names them by model. So do `version.yaml` texts. */
export interface ParsedTree {
  readonly snapshot: RepositorySnapshot
  readonly configOids: ReadonlyMap<string, string>
}

/** Entries by the first step of their path; `rest` is undefined for an entry that is that step itself. */
function groupByFirstStep(entries: readonly TreeEntry[]): Map<string, TreeEntry[]> {
  const groups = new Map<string, TreeEntry[]>()
  for (const entry of entries) {
    const slash = entry.path.indexOf('/')
    const step = slash === -1 ? entry.path : entry.path.slice(0, slash)
    const group = groups.get(step) ?? []
    group.push({ ...entry, path: slash === -1 ? '' : entry.path.slice(slash + 1) })
    groups.set(step, group)
  }
  return groups
}

function versionNumber(step: string): { readonly number: number } | { readonly why: string } {
  try {
    return { number: parseVersionNumber(step) }
  } catch (error) {
    return { why: toPlatformError(error).message }
  }
}

function readConfigEntry(model: string, entry: TreeEntry | undefined): { oid?: string; problem?: Problem } {
  if (!entry) return {}
  const path = `models/${model}/model.yaml`
  if (entry.mode === '120000') {
    return { problem: problem(path, 'gitops.symlink_refused', `${path} is a symlink: push the file itself.`) }
  }
  if (!isRegularFile(entry)) {
    return { problem: problem(path, 'gitops.path_refused', `${path} is no regular file.`) }
  }
  if (entry.sizeBytes > SNAPSHOT_LIMITS.maxConfigBytes) {
    return { problem: problem(path, 'gitops.file_too_large', `${path} is larger than 64 KiB.`) }
  }
  return { oid: entry.oid }
}

/** Reads one step below a model directory: a version, a file that is none of our business, or a problem. */
function readStep(
  model: string,
  step: string,
  entries: readonly TreeEntry[],
): VersionSnapshot | Problem | undefined {
  const itself = entries.find((entry) => entry.path === '')
  const parsed = versionNumber(step)
  if ('number' in parsed) {
    return itself ? refusedVersion(model, parsed.number, itself) : parseVersion(model, parsed.number, entries)
  }
  const path = `models/${model}/${step}`
  if (!itself || itself.mode === '160000')
    return problem(path, 'gitops.version_number_invalid', `${path}: ${parsed.why}`)
  if (itself.mode === '120000') return problem(path, 'gitops.symlink_refused', `${path} is a symlink.`)
  return undefined
}

function parseModel(
  name: string,
  below: readonly TreeEntry[],
): { model: ModelSnapshot; configOid: string | undefined } {
  const steps = groupByFirstStep(below)
  const config = readConfigEntry(name, steps.get('model.yaml')?.[0])
  steps.delete('model.yaml')
  const versions: VersionSnapshot[] = []
  const problems: Problem[] = config.problem ? [config.problem] : []
  for (const [step, entries] of steps) {
    const read = readStep(name, step, entries)
    if (read && 'number' in read) versions.push(read)
    else if (read) problems.push(read)
  }
  versions.sort((a, b) => a.number - b.number)
  const { maxVersionsPerModel } = SNAPSHOT_LIMITS
  if (versions.length > maxVersionsPerModel) {
    const path = `models/${name}`
    const text = `${path} holds ${versions.length} versions; the newest ${maxVersionsPerModel} are taken.`
    problems.unshift(problem(path, 'gitops.too_many_files', text))
  }
  const model = {
    name,
    configText: undefined,
    versions: versions.slice(-maxVersionsPerModel),
    problems: tidyProblems(problems),
  }
  return { model, configOid: config.oid }
}

/**
 * Reads the entries of one commit. Pure: the same entries give the same snapshot, in whatever order they come.
 *
 * Every refusal is a {@link Problem} of the smallest thing that it concerns, so one bad entry never stops another.
 */
export function parseSnapshot(commit: string, entries: readonly TreeEntry[]): ParsedTree {
  const below = entries
    .filter((entry) => entry.path.startsWith('models/'))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
  const models: ModelSnapshot[] = []
  const problems: Problem[] = []
  const configOids = new Map<string, string>()
  const root = entries.find((entry) => entry.path === 'models')
  if (root) problems.push(problem('models', 'gitops.path_refused', 'models is not a directory.'))
  const groups = groupByFirstStep(
    below.map((entry) => ({ ...entry, path: entry.path.slice('models/'.length) })),
  )
  for (const [name, group] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const refused = refusedModel(name, group)
    if (refused) problems.push(refused)
    if (refused || group.some((entry) => entry.path === '')) continue
    const { model, configOid } = parseModel(name, group)
    if (model.versions.length + model.problems.length === 0 && configOid === undefined) continue
    models.push(model)
    if (configOid !== undefined) configOids.set(name, configOid)
  }
  const { maxModels } = SNAPSHOT_LIMITS
  if (models.length > maxModels) {
    problems.unshift(
      problem(
        'models',
        'gitops.too_many_files',
        `The first ${maxModels} of ${models.length} models are taken.`,
      ),
    )
  }
  const snapshot = { commit, models: models.slice(0, maxModels), problems: tidyProblems(problems) }
  return { snapshot, configOids }
}

/** Why an entry right below `models/` is no model; undefined for models and for plain files such as a README. */
function refusedModel(name: string, group: readonly TreeEntry[]): Problem | undefined {
  const path = `models/${name}`
  const itself = group.find((entry) => entry.path === '')
  if (itself?.mode === '120000') return problem(path, 'gitops.symlink_refused', `${path} is a symlink.`)
  if (itself?.mode === '160000') return problem(path, 'gitops.path_refused', `${path} is a submodule.`)
  if (itself || isModelName(name)) return undefined
  return problem(
    path,
    'gitops.model_name_invalid',
    `"${name}" is not a model name: letters, digits, dot, underscore and dash, 63 at most, and not "stats".`,
  )
}
