import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { shownUrl, systemClock } from '@understudy/core'
import {
  ChangeListener,
  findAlarms,
  findQualityAlarms,
  forgetLapsedNodes,
  forgetOldOutcomes,
  mergeOverride,
  OUTBOX_TOPIC,
  OutboxQueue,
  openDatabase,
  requestDueOutcomes,
  requestOpenRollouts,
  requestUnfinished,
  requestWork,
  tellQualityAlarms,
  WorkQueue,
} from '@understudy/db'
import { parseRepositoryUrl, RepositoryMirror, watchPushes } from '@understudy/gitops'
import { ArtifactStore } from '@understudy/gitops/artifacts'
import { compareContract, createQuarantineRunner, probeSpawnTools } from '@understudy/onnx'
import { createLogger, onShutdown } from '@understudy/telemetry'
import { startTelemetry } from '@understudy/telemetry/sdk'
import { Chores } from './chores/chores.ts'
import { readEnv } from './env.ts'
import { createChannels } from './outbox/create-channels.ts'
import { OutboxLoop } from './outbox/outbox-loop.ts'
import { OverrideMerger } from './override/override-merger.ts'
import { createReconcileModel } from './rollout/reconcile-model.ts'
import { createSyncRepository } from './sync/sync-repository.ts'
import { createValidateVersion } from './validation/validate-version.ts'
import { WorkLoop } from './work/work-loop.ts'

const MIB = 1024 * 1024

const env = readEnv()
const logger = createLogger({ name: 'controller', level: env.LOG_LEVEL })
const telemetry = startTelemetry({
  serviceName: 'understudy-controller',
  otlpEndpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT,
})
const database = openDatabase({ databaseUrl: env.DATABASE_URL, applicationName: 'understudy-controller' })
const listener = new ChangeListener({ databaseUrl: env.DATABASE_URL, clock: systemClock, logger })
const queue = new WorkQueue(database, { holder: `${process.pid}-${randomUUID()}` })
const store = new ArtifactStore(path.join(env.UNDERSTUDY_DATA_DIR, 'artifacts'))
const url = env.UNDERSTUDY_REPO_URL
const branch = env.UNDERSTUDY_REPO_BRANCH
const mirror = new RepositoryMirror({
  url,
  branch,
  folder: path.join(env.UNDERSTUDY_DATA_DIR, 'mirror'),
  allowLocal: true,
  environment: { PATH: env.PATH, HOME: env.HOME },
})
const quarantine = createQuarantineRunner(
  {
    entry: fileURLToPath(new URL('../../../packages/onnx/dist/executor/main.mjs', import.meta.url)),
    tools: await probeSpawnTools({ onTimeout: (message) => logger.warn(message) }),
  },
  {
    loadTimeoutMs: env.UNDERSTUDY_QUARANTINE_TIMEOUT_MS,
    totalTimeoutMs: 3 * env.UNDERSTUDY_QUARANTINE_TIMEOUT_MS,
    memoryLimitBytes: env.UNDERSTUDY_QUARANTINE_MEMORY_MIB * MIB,
  },
)
const loop = new WorkLoop({
  queue,
  clock: systemClock,
  logger,
  concurrency: 3,
  handlers: {
    repository: createSyncRepository({
      database,
      queue,
      mirror,
      store,
      url,
      branch,
      environment: env.UNDERSTUDY_ENVIRONMENT,
      pollIntervalMs: env.UNDERSTUDY_POLL_INTERVAL_MS,
      logger,
    }),
    version: createValidateVersion({
      database,
      queue,
      ports: {
        store,
        quarantine,
        compareContract,
        workFolder: path.join(env.UNDERSTUDY_DATA_DIR, 'quarantine'),
      },
      logger,
    }),
    model: createReconcileModel({ database, queue, logger }),
  },
})

const outbox = new OutboxLoop({
  queue: new OutboxQueue(database),
  channels: createChannels(env, systemClock),
  kinds: env.UNDERSTUDY_NOTIFY_KINDS,
  context: { environment: env.UNDERSTUDY_ENVIRONMENT, consoleUrl: env.UNDERSTUDY_CONSOLE_URL },
  alarms: [
    {
      everyMs: 30_000,
      find: () => database.transaction((tx) => findAlarms(tx, { driftAlarmMs: env.UNDERSTUDY_DRIFT_ALARM })),
    },
  ],
  clock: systemClock,
  logger,
})

const merger = new OverrideMerger({
  ...{ merge: () => database.transaction(mergeOverride), clock: systemClock, logger },
})

const tellQuality = () =>
  database.transaction(async (tx) => tellQualityAlarms(tx, await findQualityAlarms(tx)))
const chores = new Chores({
  ...{ clock: systemClock, logger },
  chores: [
    { name: 'due outcomes', everyMs: 2_000, run: () => requestDueOutcomes(database) },
    { name: 'quality alarms', everyMs: 300_000, run: tellQuality },
    { name: 'old outcomes', everyMs: 600_000, run: () => forgetOldOutcomes(database) },
  ],
})

const stopping = new AbortController()
const askForSync = () =>
  requestWork(database.prisma, 'repository', `${url}#${branch}`).catch((error: unknown) =>
    logger.warn({ err: error }, 'a push could not be noted; polling will find it'),
  )

listener.onChange((topic) => {
  if (topic === OUTBOX_TOPIC) return outbox.wake()
  if (topic === 'override') return merger.wake()
  if (topic === 'node' || topic === 'evidence') {
    requestOpenRollouts(database).catch((error: unknown) => logger.debug({ err: error }, 'a hint was lost'))
  }
  loop.wake()
})
listener.start()
await store.sweep(systemClock.now())
await forgetLapsedNodes(database)
await requestUnfinished(database)
await askForSync()
const repositoryPath = parseRepositoryUrl(url, { allowLocal: true }).localPath
if (repositoryPath !== undefined) watchPushes(repositoryPath, () => void askForSync(), stopping.signal)
loop.start()
outbox.start()
merger.start()
chores.start()
logger.info({ event: 'ready', repository: shownUrl(url), branch }, 'controller ready')

onShutdown(
  async () => {
    stopping.abort()
    await Promise.all([loop.close(), outbox.close(), merger.close(), chores.close()])
    await listener.close()
    await database.close()
    await telemetry.shutdown()
  },
  { parentPipe: env.UNDERSTUDY_PARENT_PIPE === '1' },
)
