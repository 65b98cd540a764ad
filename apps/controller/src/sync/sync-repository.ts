import { shownUrl, toPlatformError } from '@understudy/core'
import {
  applySync,
  type Database,
  ensureRepository,
  type IngestedVersion,
  loadRecordedRepository,
  notifyChange,
  type RepositoryRow,
  requestWork,
  type SyncStep,
  type Tx,
  type WorkClaim,
  type WorkQueue,
} from '@understudy/db'
import {
  claimPointers,
  ingestVersion,
  planSync,
  type RepositoryMirror,
  readEnvironment,
  readSnapshot,
  type SyncAction,
} from '@understudy/gitops'
import type { ArtifactStore } from '@understudy/gitops/artifacts'
import { currentTraceparent, type Logger, tracer, withSpan } from '@understudy/telemetry'
import type { WorkHandler } from '../work/work-loop.ts'

export interface SyncRepositoryOptions {
  readonly database: Database
  readonly queue: WorkQueue
  readonly mirror: RepositoryMirror
  readonly store: ArtifactStore
  readonly url: string
  readonly branch: string
  /** The environment that this installation serves: `environments/<name>.yaml` is its file. */
  readonly environment: string
  readonly pollIntervalMs: number
  readonly logger: Logger
}

/** The next look, stretched by up to a fifth so that many controllers do not ask Git at once. */
export function jittered(intervalMs: number, random: number): number {
  return Math.round(intervalMs * (1 + random / 5))
}

/**
 * Brings the record into line with the tip of the repository.
 *
 * Bytes are taken into the store first, then one fenced transaction records everything and accepts the commit: a crash
 * before it leaves only unused artifacts, and the next look does the same again.
 */
export function createSyncRepository(options: SyncRepositoryOptions): WorkHandler {
  const { database, mirror, url, branch, pollIntervalMs, logger } = options
  return async (claim) => {
    const repository = await ensureRepository(database.prisma, url, branch)
    const dueInMs = jittered(pollIntervalMs, Math.random())
    try {
      const { commit, rewritten } = await mirror.fetch({ accepted: repository.acceptedCommit ?? undefined })
      if (rewritten) await stall(options, claim, repository, commit)
      else if (commit === repository.acceptedCommit) await noteLooked(options, claim, repository)
      else await syncCommit(options, claim, repository, commit)
    } catch (cause) {
      const error = toPlatformError(cause)
      const data = { problem: error.publicMessage }
      await options.queue
        .fenced(claim, (tx) => tx.repository.update({ where: { id: repository.id }, data }))
        .catch(() => undefined)
      if (error.retry !== 'never' && error.retry !== 'afterChange') throw error
      // The change that would help happens outside, where only the next look can see it.
      logger.warn(
        { err: error, code: error.code, repository: shownUrl(url) },
        'the repository cannot be synced',
      )
    }
    return { dueInMs }
  }
}

async function noteLooked(
  { queue }: SyncRepositoryOptions,
  claim: WorkClaim,
  repository: RepositoryRow,
): Promise<void> {
  await queue.fenced(claim, async (tx) => {
    await tx.repository.update({
      where: { id: repository.id },
      data: { syncedAt: new Date(), problem: null, stalledReason: null },
    })
    if (repository.stalledReason !== null) await tellStall(tx, repository)
  })
}

/** What is at the tip counts, or counts no more: every model of the repository is looked at again. */
async function tellStall(tx: Tx, repository: RepositoryRow): Promise<void> {
  const models = await tx.model.findMany({ where: { repositoryId: repository.id }, select: { name: true } })
  for (const { name } of models) await requestWork(tx, 'model', name)
  await notifyChange(tx, 'record')
}

/** A rewritten history is not followed: everything accepted goes on, and a person is told. */
async function stall(
  options: SyncRepositoryOptions,
  claim: WorkClaim,
  repository: RepositoryRow,
  commit: string,
): Promise<void> {
  const stalledReason = `The history of ${options.branch} was rewritten: ${repository.acceptedCommit?.slice(0, 7)} is no ancestor of ${commit.slice(0, 7)}. Push the old history back.`
  const isNew = repository.stalledReason !== stalledReason
  await options.queue.fenced(claim, async (tx) => {
    const data = { stalledReason, problem: null, syncedAt: new Date() }
    await tx.repository.update({ where: { id: repository.id }, data })
    if (isNew) await tellStall(tx, repository)
  })
  if (!isNew) return
  options.logger.warn(
    { repository: shownUrl(options.url), commit },
    'the history was rewritten; the repository is stalled',
  )
}

async function syncCommit(
  options: SyncRepositoryOptions,
  claim: WorkClaim,
  repository: RepositoryRow,
  commit: string,
): Promise<void> {
  const { database, mirror, queue, logger } = options
  await withSpan(
    tracer('controller'),
    'gitops.sync',
    { attributes: { 'understudy.commit': commit } },
    async (span) => {
      const snapshot = await readSnapshot(mirror, commit)
      const recorded = await loadRecordedRepository(database.prisma, repository.id)
      const plan = planSync(snapshot, recorded)
      const steps: SyncStep[] = []
      for (const action of plan.actions)
        steps.push({ action, ingested: await ingest(options, commit, action) })
      const tip = await mirror.commitInfo(commit)
      const traceparent = currentTraceparent()
      const said = await readEnvironment(mirror, commit, options.environment)
      const known = { recorded, actions: plan.actions }
      const pointed = claimPointers(said.file, said.environment?.models ?? {}, known)
      const problems = [...plan.problems, ...(said.problem ? [said.problem] : pointed.problems)]
      const tipProblem = problems.map(({ message }) => message).join(' ') || null
      const releases = said.environment?.releases ?? null
      const pointers = said.environment ? { file: said.file, models: pointed.models } : null
      const sync = { repositoryId: repository.id, tip, steps, traceparent, tipProblem, releases, pointers }
      await queue.fenced(claim, async (tx) => {
        if (repository.stalledReason !== null) await tellStall(tx, repository)
        await applySync(tx, sync)
      })
      span.setAttribute('understudy.sync.actions', steps.length)
      logger.info(
        { commit, actions: plan.actions.map((action) => `${action.type} ${action.model}`) },
        'synced',
      )
      for (const problem of problems) logger.info({ commit, ...problem }, 'refused at the tip')
    },
  )
}

async function ingest(
  options: SyncRepositoryOptions,
  commit: string,
  action: SyncAction,
): Promise<IngestedVersion | null> {
  if (action.type !== 'newVersion' && action.type !== 'goldenChanged') return null
  const { mirror, store } = options
  const { modelDigest, entryPoint, files, golden } = await ingestVersion(mirror, action.version, store)
  const brought = await mirror.lastCommitFor(commit, action.version.path)
  return { digest: modelDigest, entryPoint, serving: files, golden, commit: await mirror.commitInfo(brought) }
}
