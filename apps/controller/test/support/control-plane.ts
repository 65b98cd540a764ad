import { randomUUID } from 'node:crypto'
import { chmod } from 'node:fs/promises'
import path from 'node:path'
import { type ModelPlan, systemClock } from '@understudy/core'
import {
  type Database,
  loadRecord,
  type ModelRecord,
  openDatabase,
  requestWork,
  type VersionRecord,
  type WorkClaim,
  WorkQueue,
} from '@understudy/db'
import { FakeNode } from '@understudy/db/testing'
import { RepositoryMirror } from '@understudy/gitops'
import { ArtifactStore } from '@understudy/gitops/artifacts'
import { compareContract, createQuarantineRunner, probeSpawnTools } from '@understudy/onnx'
import { type BuiltExecutor, buildExecutor } from '@understudy/onnx/testing'
import { silentLogger } from '@understudy/telemetry'
import { GitRepository, waitFor } from '@understudy/testing'
import { createTestDatabase } from '@understudy/testing/database'
import { createReconcileModel } from '../../src/rollout/reconcile-model.ts'
import { createSyncRepository, type SyncRepositoryOptions } from '../../src/sync/sync-repository.ts'
import { createValidateVersion } from '../../src/validation/validate-version.ts'
import { WorkLoop } from '../../src/work/work-loop.ts'

const MIB = 1024 * 1024
/** So tight that whatever never ends or eats memory is found out soon. */
const LIMITS = { loadTimeoutMs: 1_500, totalTimeoutMs: 10_000, memoryLimitBytes: 512 * MIB }

interface Parts {
  readonly repository: GitRepository
  readonly database: Database
  readonly node: FakeNode
  readonly executor: BuiltExecutor
  readonly loop: WorkLoop
  readonly sync: SyncRepositoryOptions
}

/**
 * The controller as `main.ts` wires it, with real Git, Postgres and quarantine processes, and one node that carries out every plan.
 * It works when it is told to, and not otherwise.
 */
export class ControlPlane {
  readonly repository: GitRepository
  readonly database: Database
  /** What the handler of the repository is made of, for tests that break a part of it. */
  readonly sync: SyncRepositoryOptions
  readonly #parts: Parts

  private constructor(parts: Parts) {
    this.repository = parts.repository
    this.database = parts.database
    this.sync = parts.sync
    this.#parts = parts
  }

  static async open(): Promise<ControlPlane> {
    const [repository, { connectionString }, executor, tools] = await Promise.all([
      GitRepository.create(),
      createTestDatabase(),
      buildExecutor(),
      probeSpawnTools(),
    ])
    // Started as root, executors are another user, who must get to the models.
    await chmod(repository.folder, 0o755)
    const database = openDatabase({ databaseUrl: connectionString, applicationName: 'test' })
    const queue = new WorkQueue(database, { holder: randomUUID() })
    const at = (name: string) => path.join(repository.folder, name)
    const store = new ArtifactStore(at('artifacts'))
    const url = repository.bare
    const mirror = new RepositoryMirror({ url, branch: 'main', folder: at('mirror'), allowLocal: true })
    const logger = silentLogger
    const environment = 'production'
    const branch = 'main'
    const sync = {
      database,
      queue,
      mirror,
      store,
      url,
      branch,
      environment,
      pollIntervalMs: 3_600_000,
      logger,
    }
    const quarantine = createQuarantineRunner({ entry: executor.entry, tools }, LIMITS)
    const ports = { store, quarantine, compareContract, workFolder: at('quarantine') }
    const handlers = {
      repository: createSyncRepository(sync),
      version: createValidateVersion({ database, queue, ports, logger }),
      model: createReconcileModel({ database, queue, logger, openIntervalMs: 10 }),
    }
    const loop = new WorkLoop({ queue, clock: systemClock, logger, handlers })
    const node = new FakeNode({ databaseUrl: connectionString, name: 'node' })
    await node.catchUp()
    return new ControlPlane({ repository, database, node, executor, loop, sync })
  }

  async close(): Promise<void> {
    const { node, database, executor, repository } = this.#parts
    await node.store.close()
    await database.close()
    await Promise.all([executor.remove(), repository.dispose()])
  }

  /** Has the repository looked at, as a push or a poll does. */
  async ask(): Promise<void> {
    await requestWork(this.database.prisma, 'repository', `${this.sync.url}#main`)
  }

  /** Takes the key of the repository, as the process does that a test lets die or work by hand. */
  async claimRepository(queue: WorkQueue = this.sync.queue): Promise<WorkClaim> {
    await this.ask()
    const claim = await queue.claim(['repository'])
    if (!claim) throw new Error('the repository is being worked on')
    return claim
  }

  /** Looks at the repository now and carries out everything that follows. */
  async settle(): Promise<void> {
    await this.ask()
    await this.work()
  }

  /** Carries out everything that is wanted, until nothing is. */
  async work(): Promise<void> {
    do await this.#parts.node.keepUp({})
    while (await this.#parts.loop.workOnce())
  }

  /** Works until the condition holds: rollouts are looked at again while they are open. */
  async until(what: string, probe: () => Promise<boolean>): Promise<void> {
    await waitFor(what, async () => {
      await this.work()
      return await probe()
    })
  }

  async untilLive(model: string, number: number): Promise<void> {
    await this.until(`${model}@${number} to be live`, async () => (await this.find(model))?.live === number)
  }

  async find(model: string): Promise<ModelRecord | undefined> {
    return await this.database.snapshot((tx) => loadRecord(tx, model))
  }

  async record(model: string): Promise<ModelRecord> {
    const record = await this.find(model)
    if (!record) throw new Error(`there is no model ${model}`)
    return record
  }

  /** What nodes are told of a model. */
  async servingPlan(model: string): Promise<ModelPlan> {
    const { models } = await this.#parts.node.store.readPlan()
    const plan = models.find((one) => one.model === model)
    if (!plan) throw new Error(`there is no plan of ${model}`)
    return plan
  }

  async version(model: string, number: number): Promise<VersionRecord | undefined> {
    return (await this.record(model)).versions.find((version) => version.number === number)
  }

  async repositoryRow() {
    return await this.database.prisma.repository.findFirstOrThrow()
  }
}
