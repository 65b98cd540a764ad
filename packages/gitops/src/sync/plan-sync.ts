import { canonicalJson, versionName } from '@understudy/core'
import { NOTES_FILE } from '../snapshot/limits.ts'
import { type Problem, tidyProblems } from '../snapshot/problem.ts'
import type { ModelSnapshot, RepositorySnapshot, VersionSnapshot } from '../snapshot/repository-snapshot.ts'
import { claimNames } from './claim-names.ts'
import type { RecordedModel, RecordedRepository, RecordedVersion, Refusal } from './recorded-repository.ts'
import type { SyncAction, SyncPlan } from './sync-plan.ts'

/**
 * Decides what has to be recorded so that the record says what the commit says. Pure and deterministic.
 *
 * Idempotent: once the actions are applied, the same snapshot gives no action. Files are compared by fingerprint, so nothing
 * is read for what did not change. A number is used once its bytes are on record; until then it may be corrected in place.
 */
export function planSync(snapshot: RepositorySnapshot, recorded: RecordedRepository): SyncPlan {
  const claims = claimNames(
    snapshot.models.map((model) => model.name),
    recorded,
  )
  const present = new Map(snapshot.models.map((model) => [model.name, model]))
  const own = new Map(
    recorded.models
      .filter((model) => model.repositoryId === recorded.repositoryId)
      .map((model) => [model.name, model]),
  )
  const names = [...new Set([...claims.claimed, ...own.keys()])].sort()
  return {
    commit: snapshot.commit,
    actions: names.flatMap((name) => planModel(name, present.get(name), own.get(name))),
    problems: tidyProblems([...snapshot.problems, ...claims.problems]),
  }
}

function planModel(
  model: string,
  present: ModelSnapshot | undefined,
  recorded: RecordedModel | undefined,
): SyncAction[] {
  const actions: SyncAction[] = []
  const configText = present?.configText ?? null
  if (!recorded) actions.push({ type: 'newModel', model, configText })
  else if (present && !isConfigRefused(present) && recorded.configText !== configText) {
    actions.push({ type: 'configChanged', model, configText })
  }
  const known = new Map((recorded?.versions ?? []).map((version) => [version.number, version]))
  const problems = problemsAtTip(present, known)
  if (canonicalJson(problems) !== canonicalJson(recorded?.problems ?? [])) {
    actions.push({ type: 'problemsChanged', model, problems })
  }
  const atTip = new Map((present?.versions ?? []).map((version) => [version.number, version]))
  const numbers = [...new Set([...known.keys(), ...atTip.keys()])].sort((a, b) => a - b)
  for (const number of numbers) {
    actions.push(...planVersion({ model, number }, atTip.get(number), known.get(number)))
  }
  return actions
}

/** While `model.yaml` is refused (a symlink, too large), the recorded one goes on. */
function isConfigRefused(model: ModelSnapshot): boolean {
  return model.problems.some((one) => one.path === `models/${model.name}/model.yaml`)
}

/** Problems of the model, and of versions unless they are refused as a change of a used number: that has its own place. */
function problemsAtTip(
  present: ModelSnapshot | undefined,
  known: ReadonlyMap<number, RecordedVersion>,
): Problem[] {
  const ofVersions = (present?.versions ?? []).flatMap((version) => {
    const record = known.get(version.number)
    return record && isMutated(version, record) ? [] : version.problems
  })
  return tidyProblems([...(present?.problems ?? []), ...ofVersions])
}

function isMutated(version: VersionSnapshot, recorded: RecordedVersion): boolean {
  return version.servingFingerprint !== recorded.servingFingerprint
}

function planVersion(
  id: { readonly model: string; readonly number: number },
  present: VersionSnapshot | undefined,
  recorded: RecordedVersion | undefined,
): SyncAction[] {
  if (!recorded) {
    return present && present.problems.length === 0 ? [{ type: 'newVersion', ...id, version: present }] : []
  }
  if (present && isMutated(present, recorded)) return planMutated(id, present, recorded)
  const actions: SyncAction[] = []
  if (recorded.refusals.length > 0) actions.push({ type: 'refusalEnded', ...id })
  if (!present) return recorded.atTip ? [...actions, { type: 'missingVersion', ...id }] : actions
  if (!recorded.atTip) actions.push({ type: 'returnedVersion', ...id })
  if (present.goldenFingerprint !== recorded.goldenFingerprint) {
    actions.push({ type: 'goldenChanged', ...id, version: present })
  }
  if (!areNotesRefused(present) && present.variantOf !== recorded.variantOf) {
    actions.push({ type: 'notesChanged', ...id, variantOf: present.variantOf })
  }
  return actions
}

/** While `version.yaml` is refused, what it said before goes on. */
function areNotesRefused({ path, problems }: VersionSnapshot): boolean {
  return problems.some((one) => one.path === `${path}/${NOTES_FILE}`)
}

/** The recorded version stays what it is, also whether it counts as being at the tip. */
function planMutated(
  id: { readonly model: string; readonly number: number },
  present: VersionSnapshot,
  recorded: RecordedVersion,
): SyncAction[] {
  const refusal = mutation(id.model, present)
  if (canonicalJson([refusal]) === canonicalJson(recorded.refusals)) return []
  return [{ type: 'mutatedVersion', ...id, refusal }]
}

function mutation(model: string, version: VersionSnapshot): Refusal {
  return {
    code: 'gitops.version_mutated',
    message:
      `The files under ${versionName(model, version.number)} changed (now ${version.servingFingerprint.slice(0, 8)}), but a number keeps its bytes for ever: ` +
      'the recorded version goes on. Restore the files, and push the change under the next number.',
  }
}
