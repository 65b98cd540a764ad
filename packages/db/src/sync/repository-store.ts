import { randomUUID } from 'node:crypto'
import type { RecordedRepository, Refusal } from '@understudy/gitops'
import type { Tx } from '../database.ts'

export interface RepositoryRow {
  readonly id: string
  readonly acceptedCommit: string | null
  readonly stalledReason: string | null
}

/** The row of a repository and branch, made when it is missing. */
export async function ensureRepository(tx: Tx, url: string, branch: string): Promise<RepositoryRow> {
  await tx.$executeRaw`INSERT INTO repository (id, url, branch) VALUES (${randomUUID()}::uuid, ${url}, ${branch}) ON CONFLICT (url, branch) DO NOTHING`
  const row = await tx.repository.findUniqueOrThrow({ where: { url_branch: { url, branch } } })
  return { id: row.id, acceptedCommit: row.acceptedCommit, stalledReason: row.stalledReason }
}

/** What the record knows of every model, as `planSync` compares it with a snapshot. */
export async function loadRecordedRepository(tx: Tx, repositoryId: string): Promise<RecordedRepository> {
  const models = await tx.model.findMany({
    orderBy: { name: 'asc' },
    include: {
      problems: { orderBy: { path: 'asc' } },
      versions: { where: { refused: false }, orderBy: { number: 'asc' } },
    },
  })
  return {
    repositoryId,
    models: models.map((model) => ({
      name: model.name,
      repositoryId: model.repositoryId,
      configText: model.configText,
      problems: model.problems.map(({ path, code, message }) => ({
        path,
        code: code as Refusal['code'],
        message,
      })),
      versions: model.versions.map((version) => ({
        number: Number(version.number),
        servingFingerprint: version.servingFingerprint,
        goldenFingerprint: version.goldenFingerprint,
        variantOf: version.variantOf === null ? null : Number(version.variantOf),
        atTip: version.atTip,
        refusals: version.refusals as unknown as readonly Refusal[],
      })),
    })),
  }
}
