import { type ArtifactRef, defaultModelConfig, shortCommit } from '@understudy/core'
import type { CommitInfo, Problem, SyncAction } from '@understudy/gitops'
import { type AuditEntry, audit } from '../audit/audit.ts'
import type { Tx } from '../database.ts'
import { notifyChange } from '../notify.ts'
import { requestWork } from '../work/work-queue.ts'
import { describeSync } from './describe-sync.ts'
import { readConfig } from './read-config.ts'
import { replaceRefusedVersions } from './refused-versions.ts'
import { describePointer, type PointerChange, type Pointers, replacePointers } from './replace-pointers.ts'
import { type Releases, replaceReleases } from './replace-releases.ts'

/** The bytes of a version, in the store, with the commit that brought them. */
export interface IngestedVersion {
  readonly digest: string
  readonly entryPoint: string
  readonly serving: readonly ArtifactRef[]
  readonly golden: readonly ArtifactRef[]
  readonly commit: CommitInfo
}

/** One action of a sync plan with what had to be read for it. */
export interface SyncStep {
  readonly action: SyncAction
  /** For `newVersion` and `goldenChanged`. */
  readonly ingested: IngestedVersion | null
}

export interface SyncToApply {
  readonly repositoryId: string
  readonly tip: CommitInfo
  readonly steps: readonly SyncStep[]
  readonly traceparent: string | null
  /** What is refused at the tip and belongs to no model; null when nothing is. */
  readonly tipProblem: string | null
  /** Models that go live together; null while the file that says so is refused, and what it said before goes on. */
  readonly releases: Releases | null
  /** What shall be live, and labels; null as above. */
  readonly pointers: Pointers | null
}

interface Application extends SyncToApply {
  readonly tx: Tx
}

async function revalidateRejected(tx: Tx, model: string, traceparent: string | null): Promise<void> {
  const rejected = await tx.modelVersion.findMany({
    where: { modelName: model, state: 'rejected', refused: false, atTip: true },
  })
  for (const version of rejected) await requestValidation(tx, model, Number(version.number), traceparent)
}

async function requestValidation(
  tx: Tx,
  model: string,
  number: number,
  traceparent: string | null,
): Promise<void> {
  await tx.modelVersion.update({
    where: { modelName_number: { modelName: model, number } },
    data: { state: 'validating', reasons: [] },
  })
  await requestWork(tx, 'version', `${model}/${number}`, traceparent)
}

async function writeFiles(
  tx: Tx,
  model: string,
  number: number,
  files: readonly ArtifactRef[],
  kind: string,
): Promise<void> {
  await tx.versionFile.deleteMany({ where: { modelName: model, number, kind } })
  await tx.versionFile.createMany({
    data: files.map((file) => ({
      modelName: model,
      number,
      kind,
      path: file.path,
      sha256: file.sha256,
      sizeBytes: file.sizeBytes,
    })),
  })
}

async function applyNewVersion(
  apply: Application,
  action: SyncAction & { type: 'newVersion' },
  ingested: IngestedVersion,
): Promise<void> {
  const { tx, traceparent } = apply
  const { model: modelName, number, version } = action
  await tx.modelVersion.deleteMany({ where: { modelName, number, refused: true } })
  await tx.modelVersion.create({
    data: {
      modelName,
      number,
      digest: ingested.digest,
      entryPoint: ingested.entryPoint,
      commit: ingested.commit.commit,
      commitSubject: ingested.commit.subject,
      authorName: ingested.commit.authorName,
      authorEmail: ingested.commit.authorEmail,
      committedAt: new Date(ingested.commit.committedAtMs),
      state: 'validating',
      servingFingerprint: version.servingFingerprint,
      goldenFingerprint: version.goldenFingerprint,
      variantOf: version.variantOf,
      atTip: true,
      sizeBytes: ingested.serving.reduce((sum, file) => sum + file.sizeBytes, 0),
      traceparent,
    },
  })
  await writeFiles(tx, modelName, number, ingested.serving, 'serving')
  await writeFiles(tx, modelName, number, ingested.golden, 'golden')
  await requestWork(tx, 'version', `${modelName}/${number}`, traceparent)
}

async function applyConfig(apply: Application, model: string, configText: string | null): Promise<void> {
  const { tx, repositoryId } = apply
  const { config, problem } = await readConfig(tx, model, configText)
  const data = { configText, configProblem: problem, ...(config ? { config } : {}) }
  await tx.model.upsert({
    where: { name: model },
    create: { name: model, repositoryId, config: defaultModelConfig(), ...data },
    update: data,
  })
}

async function applyProblems(apply: Application, model: string, problems: readonly Problem[]): Promise<void> {
  const { tx, tip } = apply
  await tx.syncProblem.deleteMany({ where: { modelName: model } })
  await tx.syncProblem.createMany({
    data: problems.map(({ path, code, message }) => ({
      modelName: model,
      path,
      code,
      message,
      commit: tip.commit,
    })),
  })
  await replaceRefusedVersions(tx, model, problems, tip)
}

async function applyGolden(
  apply: Application,
  action: SyncAction & { type: 'goldenChanged' },
  ingested: IngestedVersion,
): Promise<void> {
  const { tx, traceparent } = apply
  const { model, number, version } = action
  await writeFiles(tx, model, number, ingested.golden, 'golden')
  const row = await tx.modelVersion.update({
    where: { modelName_number: { modelName: model, number } },
    data: { goldenFingerprint: version.goldenFingerprint },
  })
  // What was validated stays so: its bytes are the same. A rejected version may have been rejected for its samples.
  if (row.state === 'rejected') await requestValidation(tx, model, number, traceparent)
}

async function applyStep(apply: Application, { action, ingested }: SyncStep): Promise<void> {
  const { tx, traceparent } = apply
  const where =
    'number' in action ? { modelName_number: { modelName: action.model, number: action.number } } : null
  switch (action.type) {
    case 'newModel':
      await applyConfig(apply, action.model, action.configText)
      return
    case 'configChanged':
      await applyConfig(apply, action.model, action.configText)
      await revalidateRejected(tx, action.model, traceparent)
      return
    case 'problemsChanged':
      await applyProblems(apply, action.model, action.problems)
      return
    case 'newVersion':
      if (ingested) await applyNewVersion(apply, action, ingested)
      return
    case 'goldenChanged':
      if (ingested) await applyGolden(apply, action, ingested)
      return
    default:
      if (where) await tx.modelVersion.update({ where, data: tipChange(action) })
  }
}

type TipAction = Extract<
  SyncAction,
  { type: 'mutatedVersion' | 'refusalEnded' | 'notesChanged' | 'missingVersion' | 'returnedVersion' }
>

function tipChange(action: TipAction) {
  switch (action.type) {
    case 'mutatedVersion':
      return { refusals: [{ ...action.refusal }] }
    case 'refusalEnded':
      return { refusals: [] }
    case 'notesChanged':
      return { variantOf: action.variantOf }
    case 'missingVersion':
      return { atTip: false }
    case 'returnedVersion':
      return { atTip: true }
  }
}

function regroupedEntry({ tip, releases }: SyncToApply): AuditEntry {
  const groups = Object.entries(releases ?? {}).map(([name, models]) => `${name} (${models.join(', ')})`)
  return {
    actor: `git:${tip.authorName}`,
    action: 'synced',
    sentence: `models that go live together: ${groups.length > 0 ? groups.join('; ') : 'none'}`,
    details: { commit: tip.commit, releases },
  }
}

function pointerEntry({ tip, pointers }: SyncToApply, change: PointerChange): AuditEntry {
  const { model, entry } = change
  return {
    actor: `git:${tip.authorName}`,
    action: 'synced',
    model,
    sentence: describePointer(pointers?.file ?? '', change),
    details: { commit: tip.commit, live: entry?.live ?? null, labels: entry?.labels ?? {} },
  }
}

/**
 * Records what a commit changed, accepts the commit, and asks for what follows, all in the transaction it is given.
 *
 * REQUIRES: the bytes of new versions are in the store. Applying the same plan twice is prevented by the accepted commit.
 */
export async function applySync(tx: Tx, sync: SyncToApply): Promise<void> {
  const apply: Application = { ...sync, tx }
  const regrouped = sync.releases === null ? [] : await replaceReleases(tx, sync.repositoryId, sync.releases)
  const source = { repositoryId: sync.repositoryId, commit: sync.tip.commit }
  const pointed = sync.pointers === null ? [] : await replacePointers(tx, source, sync.pointers)
  for (const step of sync.steps) await applyStep(apply, step)
  const models = [...new Set(sync.steps.map((step) => step.action.model))]
  const changed = new Set([...models, ...regrouped, ...pointed.map(({ model }) => model)])
  for (const model of changed) await requestWork(tx, 'model', model, sync.traceparent)
  await tx.repository.update({
    where: { id: sync.repositoryId },
    data: {
      acceptedCommit: sync.tip.commit,
      syncedAt: new Date(),
      problem: null,
      tipProblem: sync.tipProblem,
      stalledReason: null,
    },
  })
  await notifyChange(tx, 'record')
  if (regrouped.length > 0) await audit(tx, regroupedEntry(sync))
  for (const change of pointed) await audit(tx, pointerEntry(sync, change))
  for (const model of models) {
    const actions = sync.steps.map((step) => step.action).filter((action) => action.model === model)
    await audit(tx, {
      actor: `git:${sync.tip.authorName}`,
      action: 'synced',
      model,
      sentence: describeSync(model, actions),
      details: {
        commit: sync.tip.commit,
        shortCommit: shortCommit(sync.tip.commit),
        actions: actions.map((action) => action.type),
      },
    })
  }
}
