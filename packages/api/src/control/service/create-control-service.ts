import path from 'node:path'
import { PlatformError, systemClock } from '@understudy/core'
import {
  abort,
  approve,
  ChangeListener,
  type Database,
  hold,
  lift,
  loadRecord,
  loadRecords,
  type ModelRecord,
  openDatabase,
  pause,
  promote,
  promoteNow,
  readRelease,
  rehearse,
  reject,
  releaseHold,
  resume,
  retry,
  rollback,
  verifyAudit,
} from '@understudy/db'
import { ArtifactStore } from '@understudy/gitops/artifacts'
import type { ControlActs, ControlReads, ControlService } from '../control-service.ts'
import { readAudit, readLiveAt } from './audit-reads.ts'
import { changeStream } from './change-stream.ts'
import { readEvidence } from './evidence-reads.ts'
import { readExamples } from './example-views.ts'
import { createKeyActs } from './key-acts.ts'
import { modelRow, modelView } from './model-view.ts'
import { readNotifications } from './notification-reads.ts'
import { needsYou } from './overview-view.ts'
import { readPlatform } from './platform-reads.ts'
import { readQuality } from './quality-reads.ts'
import { rolloutView } from './rollout-view.ts'
import { statusDocument } from './status-document.ts'
import { readTrafficSamples } from './traffic-samples.ts'
import { whyVersionView } from './why-version-view.ts'
import { whyView } from './why-view.ts'

export interface ControlServiceOptions {
  readonly databaseUrl: string
  readonly dataDir: string
  readonly environment: string
  readonly actor: string
  readonly servingUrl: string
  readonly repositoryUrl: string
  readonly repositoryBranch: string
  /** What API keys are checked with (`deriveKeyCheckKey`); without it none can be made here. */
  readonly keyCheckKey?: string | undefined
}

const RECENT_ENTRIES = 8

function known(record: ModelRecord | undefined, model: string): ModelRecord {
  if (record) return record
  throw new PlatformError(
    'control.not_found',
    `There is no model ${model}. \`understudy status\` lists them.`,
  )
}

function createReads(database: Database, options: ControlServiceOptions): ControlReads {
  const store = new ArtifactStore(path.join(options.dataDir, 'artifacts'))
  return {
    platform: () => database.snapshot(async (tx) => readPlatform(tx, options, await loadRecords(tx))),
    overview: () =>
      database.snapshot(async (tx) => {
        const records = await loadRecords(tx)
        const { entries } = await readAudit(tx, { limit: RECENT_ENTRIES })
        return { needsYou: needsYou(records), models: records.map(modelRow), recent: entries }
      }),
    model: (name) =>
      database.snapshot(async (tx) => {
        const record = known(await loadRecord(tx, name), name)
        const examples = await readExamples(tx, record.rollouts[0]?.evidence?.seriesId)
        return modelView(record, examples, await readRelease(tx, name))
      }),
    rollout: (id) =>
      database.snapshot(async (tx) => {
        const row = /^[0-9a-f-]{36}$/.test(id) ? await tx.rollout.findUnique({ where: { id } }) : null
        const record = row ? await loadRecord(tx, row.modelName) : undefined
        const rollout = record?.rollouts.find((candidate) => candidate.id === id)
        if (!record || !rollout) throw new PlatformError('rollout.not_found', `There is no rollout ${id}.`)
        return rolloutView(record, rollout, await readExamples(tx, rollout.evidence?.seriesId))
      }),
    audit: (query) => database.snapshot((tx) => readAudit(tx, query)),
    liveAt: (at) => database.snapshot((tx) => readLiveAt(tx, at)),
    status: (model) =>
      database.snapshot(async (tx) => {
        if (model === undefined) return await statusDocument(tx, await loadRecords(tx))
        return await statusDocument(tx, [known(await loadRecord(tx, model), model)])
      }),
    why: (model, version) =>
      database.snapshot(async (tx) => {
        const record = known(await loadRecord(tx, model), model)
        const release = await readRelease(tx, model)
        return version === undefined ? whyView(record, release) : whyVersionView(record, version, release)
      }),
    evidence: (model, version) =>
      database.snapshot(async (tx) => readEvidence(tx, known(await loadRecord(tx, model), model), version)),
    quality: (model) => database.snapshot((tx) => readQuality(tx, model)),
    notifications: (limit) => database.snapshot((tx) => readNotifications(tx, limit)),
    verifyAudit: () => verifyAudit(database),
    samples: (model) => readTrafficSamples(database.prisma, store, model),
  }
}

function createActs(database: Database): ControlActs {
  return {
    approve: ({ comment, ...act }) => approve(database, { ...act, reason: comment }),
    reject: (act) => reject(database, act),
    retry: (act) => retry(database, act),
    abort: (act) => abort(database, act),
    pause: (act) => pause(database, act),
    resume: (act) => resume(database, act),
    promoteNow: (act) => promoteNow(database, act),
    promote: (act) => promote(database, act),
    rehearse: (act) => rehearse(database, act),
    hold: (act) => hold(database, act),
    releaseHold: (act) => releaseHold(database, act),
    rollback: (act) => rollback(database, act),
    lift: (act) => lift(database, act),
  }
}

/** The control plane over Postgres. It holds no model and asks no Git; everything it says is read from the record. */
export function createControlService(
  options: ControlServiceOptions,
): ControlService & { close(): Promise<void> } {
  const database = openDatabase({ databaseUrl: options.databaseUrl, applicationName: 'understudy-console' })
  const listener = new ChangeListener({ databaseUrl: options.databaseUrl, clock: systemClock })
  listener.start()
  return {
    ...createReads(database, options),
    ...createActs(database),
    keys: createKeyActs(database, options.keyCheckKey),
    changes: (signal) => changeStream(listener, signal),
    close: async () => {
      await listener.close()
      await database.close()
    },
  }
}
