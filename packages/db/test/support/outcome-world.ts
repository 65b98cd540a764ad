import { randomUUID } from 'node:crypto'
import { defaultModelConfig, type ModelConfig } from '@understudy/core'
import { createTestDatabase } from '@understudy/testing/database'
import { type Database, ensureRepository, openDatabase } from '../../src/index.ts'

/** Answers, 60 percent wrong of version 1 and 40 of 2 and the like: `answer` is what a node keeps of one row. */
export interface Kept {
  readonly requestId: string
  readonly number: number
  /** @defaultValue `digest-<number>` */
  readonly digest?: string
  readonly row?: number
  /** Null: a live answer outside of rollouts. */
  readonly series?: string | null
  readonly step?: string
  readonly source?: 'live' | 'replay'
  readonly answer: object
  readonly at?: Date
}

/** A database with models and series, but without Git, versions and nodes: what outcomes need to be scored. */
export class OutcomeWorld {
  readonly databaseUrl: string
  readonly database: Database
  readonly #repositoryId: string

  private constructor(databaseUrl: string, database: Database, repositoryId: string) {
    this.databaseUrl = databaseUrl
    this.database = database
    this.#repositoryId = repositoryId
  }

  static async open(): Promise<OutcomeWorld> {
    const { connectionString } = await createTestDatabase()
    const database = openDatabase({ databaseUrl: connectionString, applicationName: 'test' })
    const { id } = await ensureRepository(database.prisma, 'file:///srv/models.git', 'main')
    return new OutcomeWorld(connectionString, database, id)
  }

  close(): Promise<void> {
    return this.database.close()
  }

  /** A model whose `label` is judged by outcomes, unless a gate says otherwise; null: by none. */
  async model(
    name: string,
    quality: Partial<NonNullable<ModelConfig['rollout']['gates']['quality']>> | null = {},
  ): Promise<void> {
    const config = defaultModelConfig()
    const gate = { margin: 0.01, optional: true, output: 'label', loss: 'zeroOne', scale: 1, ...quality }
    const gates = { ...config.rollout.gates, ...(quality !== null && { quality: gate }) }
    const stored = JSON.parse(JSON.stringify({ ...config, rollout: { ...config.rollout, gates } }))
    await this.database.prisma.model.upsert({
      where: { name },
      create: { name, repositoryId: this.#repositoryId, config: stored },
      update: { config: stored },
    })
  }

  /** An open series of version 2 against version 1, of a rollout that ended. */
  async series(modelName: string): Promise<string> {
    const of = { modelName, policyHash: randomUUID() }
    const { id } = await this.database.prisma.evidenceSeries.create({
      data: {
        ...{ id: randomUUID(), attempt: 1, candidateDigest: 'digest-2', baselineDigest: 'digest-1' },
        ...of,
      },
    })
    const now = new Date()
    await this.database.prisma.rollout.create({
      data: {
        ...{ id: randomUUID(), number: 2, digest: 'digest-2', seriesId: id, kind: 'upgrade' },
        ...{ state: 'succeeded', step: 'bake', stepStartedAt: now, startedAt: now, endedAt: now },
        ...of,
      },
    })
    return id
  }

  /** Keeps answers as a node does. */
  async keep(model: string, ...answers: readonly Kept[]): Promise<void> {
    await this.database.prisma.keptAnswer.createMany({
      data: answers.map(({ number, series = null, step = 'shadow', ...kept }) => ({
        ...{ model, number, requestId: kept.requestId, digest: kept.digest ?? `digest-${number}` },
        ...{ row: kept.row ?? 0, seriesId: series, step: series === null ? null : step },
        ...{ source: kept.source ?? 'live', answer: { ...kept.answer }, at: kept.at ?? new Date() },
      })),
    })
  }
}
