import type { Signature } from '@understudy/core'
import { createTestDatabase } from '@understudy/testing/database'
import {
  applySync,
  type Database,
  ensureRepository,
  loadRecord,
  loadVersionToValidate,
  type ModelRecord,
  openDatabase,
  openRollout,
  type Pointers,
  type RolloutRecord,
  reconcileModelOnce,
  recordValidation,
  type SyncStep,
  type ValidationResult,
} from '../../src/index.ts'
import { commitOf, step } from './fake-git.ts'
import { FakeNode, type FakeNodeOptions, type Held } from './fake-node.ts'

/** One class-like output, which decides by itself, and one of floats, which is shown. */
export const SIGNATURE: Signature = {
  inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 4] }],
  outputs: [
    { name: 'label', dtype: 'int64', shape: ['N'] },
    { name: 'score', dtype: 'float32', shape: ['N'] },
  ],
}

export const VALIDATED = {
  ok: true,
  signature: SIGNATURE,
  batchable: true,
  loadMs: 12,
  memoryBytes: 1_000_000,
  comparisons: {},
} as const satisfies ValidationResult

/** Tables that are referred to come after those that refer to them; what hangs on a row goes with it. */
const FORGET = `DO $$ BEGIN
  DELETE FROM approval; DELETE FROM verdict; DELETE FROM rollout; DELETE FROM evidence_series; DELETE FROM promotion;
  DELETE FROM plan_label; DELETE FROM plan_version; DELETE FROM plan; DELETE FROM hold; DELETE FROM digest_standing; DELETE FROM executor_incident;
  DELETE FROM capture; DELETE FROM kept_answer; DELETE FROM outcome; DELETE FROM outcome_contradiction; DELETE FROM outcome_score; DELETE FROM outbox; DELETE FROM override; DELETE FROM release_group; DELETE FROM pointer;
  DELETE FROM model_version; DELETE FROM model; DELETE FROM node; DELETE FROM work_key; DELETE FROM api_key;
  ALTER TABLE audit DISABLE TRIGGER USER; DELETE FROM audit; ALTER TABLE audit ENABLE TRIGGER USER;
  UPDATE repository SET accepted_commit = NULL, stalled_reason = NULL, problem = NULL, tip_problem = NULL, synced_at = NULL;
END $$`

const REPOSITORY = 'file:///srv/models.git'

export interface Push {
  /** @defaultValue `<model> <number>`: other numbers have other bytes */
  readonly bytes?: string
  readonly golden?: string
  /** `model.yaml` of a new model. */
  readonly config?: string
}

/**
 * A whole control plane in a database of its own: pushes arrive as a sync records them, nodes report through their store, and
 * reconcile runs step by step. Only bytes, Git and models are made up.
 */
export class World {
  readonly databaseUrl: string
  readonly database: Database
  readonly repositoryId: string
  readonly #nodes: { readonly node: FakeNode; readonly keepsUp: boolean }[] = []
  #commits = 0

  private constructor(databaseUrl: string, database: Database, repositoryId: string) {
    this.databaseUrl = databaseUrl
    this.database = database
    this.repositoryId = repositoryId
  }

  static async open(): Promise<World> {
    const { connectionString } = await createTestDatabase()
    const database = openDatabase({ databaseUrl: connectionString, applicationName: 'test' })
    const { id } = await ensureRepository(database.prisma, REPOSITORY, 'main')
    return new World(connectionString, database, id)
  }

  /** Forgets everything, the audit log too. Quicker than another database. */
  async reset(): Promise<void> {
    await Promise.all(this.#nodes.splice(0).map(({ node }) => node.store.close()))
    await this.database.prisma.$executeRawUnsafe(FORGET)
  }

  async close(): Promise<void> {
    await Promise.all(this.#nodes.map(({ node }) => node.store.close()))
    await this.database.close()
  }

  /** A node that keeps up with the plan whenever the world settles, unless `keepsUp` is false. */
  async node(
    name: string,
    { keepsUp = true, ...options }: Partial<FakeNodeOptions> & { readonly keepsUp?: boolean } = {},
  ): Promise<FakeNode> {
    const node = new FakeNode({ databaseUrl: this.databaseUrl, name, ...options })
    this.#nodes.push({ node, keepsUp })
    await node.catchUp()
    return node
  }

  /** Records a commit with these steps. */
  async sync(...steps: readonly SyncStep[]): Promise<void> {
    this.#commits += 1
    const tip = commitOf(`commit ${this.#commits}`)
    const sync = {
      repositoryId: this.repositoryId,
      tip,
      steps,
      traceparent: null,
      tipProblem: null,
      releases: null,
      pointers: null,
    }
    await this.database.transaction((tx) => applySync(tx, sync))
  }

  /** A commit that says which models go live together. */
  async group(releases: Readonly<Record<string, readonly string[]>>): Promise<void> {
    this.#commits += 1
    const tip = commitOf(`commit ${this.#commits}`)
    const sync = {
      repositoryId: this.repositoryId,
      tip,
      steps: [],
      traceparent: null,
      tipProblem: null,
      releases,
      pointers: null,
    }
    await this.database.transaction((tx) => applySync(tx, sync))
  }

  /** A commit that says what shall be live, and which labels there are, of all models that it names; of others it says nothing. */
  async point(models: Pointers['models']): Promise<void> {
    this.#commits += 1
    const tip = commitOf(`commit ${this.#commits}`)
    const pointers = { file: 'environments/production.yaml', models }
    const said = { steps: [], traceparent: null, tipProblem: null, releases: null, pointers }
    await this.database.transaction((tx) => applySync(tx, { repositoryId: this.repositoryId, tip, ...said }))
  }

  /** Pushes one version, with its model when that is new. */
  async push(model: string, number: number, push: Push = {}): Promise<void> {
    const known = await this.database.prisma.model.findUnique({ where: { name: model } })
    const { bytes = `${model} ${number}`, golden, config } = push
    const version = step.newVersion(model, number, { bytes, golden })
    await this.sync(...(known ? [] : [step.newModel(model, config ?? null)]), version)
  }

  /** Records what validation found of a pushed version. */
  async validate(model: string, number: number, result: ValidationResult = VALIDATED): Promise<void> {
    await this.database.transaction(async (tx) => {
      const version = await loadVersionToValidate(tx, model, number)
      if (!version) throw new Error(`${model}@${number} does not wait for validation`)
      await recordValidation(tx, version, result)
    })
  }

  async pushValid(model: string, number: number, push: Push = {}): Promise<void> {
    await this.push(model, number, push)
    await this.validate(model, number)
  }

  /** Carries out one step of a model. */
  async reconcile(model: string) {
    return await this.database.transaction((tx) => reconcileModelOnce(tx, model))
  }

  /** Lets nodes and reconcile follow each other until nothing is left to do; says what was done. */
  async settle(model: string, held: Held = {}): Promise<string[]> {
    const did: string[] = []
    for (let look = 0; look < 30; look++) {
      for (const { node, keepsUp } of this.#nodes) if (keepsUp) await node.keepUp(held)
      const { progressed, did: what } = await this.reconcile(model)
      if (!progressed) return did
      did.push(what ?? '')
    }
    throw new Error(`${model} does not come to rest: ${did.join(', ')}`)
  }

  /** A model whose version 1 is live: where most stories begin. */
  async withLive(model: string, push: Push = {}): Promise<void> {
    await this.pushValid(model, 1, push)
    await this.settle(model)
  }

  async record(model: string): Promise<ModelRecord> {
    const record = await this.database.snapshot((tx) => loadRecord(tx, model))
    if (!record) throw new Error(`there is no model ${model}`)
    return record
  }

  /** The open rollout, else the last that ended. */
  async rollout(model: string): Promise<RolloutRecord> {
    const record = await this.record(model)
    const rollout = openRollout(record) ?? record.rollouts[0]
    if (!rollout) throw new Error(`${model} has no rollout`)
    return rollout
  }

  /** Lets time pass for the open rollout, and for the nodes that are there. */
  async pass(model: string, ms: number): Promise<void> {
    const { prisma } = this.database
    await prisma.$executeRaw`
      UPDATE rollout SET step_started_at = step_started_at - ${ms} * interval '1 millisecond',
        steps = (SELECT jsonb_agg(s || jsonb_build_object('startedAt', to_char((s->>'startedAt')::timestamptz AT TIME ZONE 'UTC' - ${ms} * interval '1 millisecond', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))) FROM jsonb_array_elements(steps) s)
      WHERE model = ${model} AND state IN ('progressing', 'paused')`
    await prisma.$executeRaw`UPDATE node SET started_at = started_at - ${ms} * interval '1 millisecond'`
  }

  /** Sentences of the audit log, oldest first. */
  async sentences(model: string): Promise<string[]> {
    const rows = await this.database.prisma.audit.findMany({
      where: { modelName: model },
      orderBy: { seq: 'asc' },
    })
    return rows.map((row) => row.sentence)
  }
}
