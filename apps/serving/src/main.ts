import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { isLoopbackHost, systemClock } from '@understudy/core'
import { ChangeListener, NodeStore, OutcomeStore } from '@understudy/db/node'
import { ArtifactStore } from '@understudy/gitops/artifacts'
import { describeExit, ExecutorPool, probeSpawnTools, Starter } from '@understudy/onnx'
import {
  availabilityPreservingPolicy,
  combineObservers,
  DEFAULT_SERVING_NODE_SETTINGS,
  FilePlanStore,
  resourcePreservingPolicy,
  ServingNodeCore,
} from '@understudy/serving'
import { createLogger, onShutdown } from '@understudy/telemetry'
import { startTelemetry } from '@understudy/telemetry/sdk'
import { openAccess } from './auth/access.ts'
import { KeyRing } from './auth/key-ring.ts'
import { CaptureBuffer } from './capture/capture-buffer.ts'
import { CodecClient } from './codec/codec-client.ts'
import { ComparisonClient } from './comparison/comparison-client.ts'
import { EvidenceCollector } from './comparison/evidence-collector.ts'
import { readEnv } from './env.ts'
import { createGrpcServer } from './grpc/grpc-server.ts'
import { createRestServer } from './http/rest-server.ts'
import { KeptAnswers } from './kept/kept-answers.ts'
import { ApartExecutor } from './latency/apart-executor.ts'
import { LatencyPairs } from './latency/latency-pairs.ts'
import { EvidenceLog } from './node/evidence-log.ts'
import { IncidentLog } from './node/incident-log.ts'
import { MirroredSeries } from './node/mirrored-series.ts'
import { NodeReporter } from './node/node-reporter.ts'
import { createOnnxAdapter } from './node/onnx-adapter.ts'
import { PlanFileReader } from './node/plan-file-reader.ts'
import { DatabasePlanReader } from './node/plan-reader.ts'
import { RequestKeeping } from './node/request-keeping.ts'
import { createOverrideRoute } from './override/create-override-route.ts'
import { OverrideReporter } from './override/override-reporter.ts'
import { OverrideStore } from './override/override-store.ts'
import { ReplayRunner } from './replay/replay-runner.ts'
import { logExecutorEvent } from './telemetry/log-executor-event.ts'
import { ModelStatistics } from './telemetry/model-statistics.ts'
import { NodeMetrics } from './telemetry/node-metrics.ts'
import { ServingSpans } from './telemetry/serving-spans.ts'
import { grpcCredentials } from './tls/grpc-credentials.ts'
import { TlsFiles } from './tls/tls-files.ts'
import { IngestClient } from './versions/ingest-client.ts'
import { VersionStore } from './versions/version-store.ts'
import { watchPlan } from './versions/watch-plan.ts'

const MIB = 1024 * 1024
const DRAIN_GRACE_MS = 250

const env = readEnv()
const logger = createLogger({ name: 'serving', level: env.LOG_LEVEL })
// First of all: a fork of a small process is a short one.
const starter = new Starter({
  entry: fileURLToPath(new URL('../../../packages/onnx/dist/starter/main.mjs', import.meta.url)),
  onLost: () =>
    logger.warn('the process that starts executors ended; executors go on, and the next start has a new one'),
})
starter.start()
const metrics: NodeMetrics = new NodeMetrics({
  models: () => core.predictor.models(),
  servables: () => core.servableStatuses(),
  requestLoads: () => core.requestLoads(),
  generationOf: (model) => core.observedGeneration(model),
  planAgeMs: () => core.predictor.planAgeMs(),
  isReady: () => core.isReady(),
  executors: () => pool.processes(),
})
const telemetry = startTelemetry({
  serviceName: 'understudy-serving',
  otlpEndpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT,
  metrics: metrics.families,
  // Every span of a node is made after the fact, with the parent that it was given.
  asyncContext: false,
})
const folder = path.join(env.UNDERSTUDY_DATA_DIR, 'nodes', env.UNDERSTUDY_NODE_NAME)
await mkdir(folder, { recursive: true })
const record = env.DATABASE_URL === undefined ? undefined : openRecord(env.DATABASE_URL)
const onFault = (error: Error) => logger.warn({ err: error }, 'a request failed by a fault of the platform')
const comparer = new ComparisonClient({
  workerPath: new URL('./comparison/worker.mjs', import.meta.url),
  onFault,
})
const plan = new MirroredSeries(() => {
  collector.setPlannedSeries(new Set(plan.series.keys()))
  runTimes.setPlanned(plan.comparedSeries())
  if (plan.keepsInputs && inputKey === undefined && record !== undefined) warnOfKeylessPlan()
})
let saidKeyless = false
// A node without a record has nowhere to keep anything.
const inputKey = record && env.UNDERSTUDY_INPUT_KEY
const answers =
  record &&
  new KeptAnswers({ seriesOf: (id) => plan.series.get(id), random: Math.random, clock: systemClock })
const captures = inputKey === undefined ? undefined : new CaptureBuffer(inputKey, systemClock)
const runTimes: LatencyPairs = new LatencyPairs({
  open: (seriesId) => {
    const series = plan.series.get(seriesId)
    const memoryLimitBytes = (env.UNDERSTUDY_MODEL_MEMORY_MIB * MIB) / 4
    const memory = core.lentMemory
    return (
      series && new ApartExecutor(series, { versions, pool, memory, memoryLimitBytes, clock: systemClock })
    )
  },
  random: Math.random,
  onFault: (error, seriesId) => logger.warn({ err: error, seriesId }, 'run times are not compared for now'),
  clock: systemClock,
})
const collector: EvidenceCollector = new EvidenceCollector({
  ...{ comparer, runTimes, answers, inputKey },
  baselineOutputs: (mirror) => plan.baselineOutputs(mirror),
})
const reader =
  record === undefined
    ? new PlanFileReader(env.UNDERSTUDY_PLAN_FILE ?? '', { clock: systemClock, series: plan })
    : new DatabasePlanReader(record.store, record.listener, plan)
const overrides = await OverrideStore.open(path.join(folder, 'overrides.json'), logger)

const artifacts = new ArtifactStore(path.join(env.UNDERSTUDY_DATA_DIR, 'artifacts'))
const ingest = new IngestClient({ workerPath: new URL('./versions/worker.mjs', import.meta.url) })
const versions = new VersionStore({
  folder: path.join(folder, 'versions'),
  artifactPath: (sha256) => artifacts.path(sha256),
  ingest,
  onPlain: (digest, reason) => logger.info({ digest, reason }, 'a model keeps the form it came in'),
  onSweepError: (error) => logger.warn({ err: error }, 'what is not planned any more could not be removed'),
})

const pool = new ExecutorPool({
  executor: {
    entry: fileURLToPath(new URL('../../../packages/onnx/dist/executor/main.mjs', import.meta.url)),
    tools: await probeSpawnTools({ onTimeout: (message) => logger.warn(message) }),
    starter,
    maxResponseBytes: env.UNDERSTUDY_MAX_RESPONSE_BYTES,
  },
  onLost: (lost, exit) => logger.warn({ ...lost, exit }, `an executor ${describeExit(exit)}`),
  onStartFailed: (error) => logger.error({ err: error }, 'no executor could be started'),
})
const keys = env.keyCheckKey === undefined ? undefined : createKeyRing(env.keyCheckKey)
const tls = env.tls && (await TlsFiles.open({ ...env.tls, clock: systemClock, logger }))
const incidents = new IncidentLog()
const statistics = new ModelStatistics()
const traced = env.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined
const observer = combineObservers([
  metrics.observer,
  new ServingSpans({
    logger,
    sampleRatio: traced ? env.UNDERSTUDY_TRACE_SAMPLE : undefined,
    random: Math.random,
  }),
  incidents.observer,
  statistics,
])

const core = new ServingNodeCore(
  {
    reader: watchPlan(reader, versions),
    store: new FilePlanStore(path.join(folder, 'plan.json')),
    overrides,
    adapter: createOnnxAdapter({
      store: artifacts,
      versions,
      pool,
      onIncident: (incident, digest) => observer.incident({ ...incident, digest, confirmedInput: null }),
      onEvent: (event) => logExecutorEvent(logger, event),
    }),
    mirrorSink: collector,
    ...{ capture: captures, answers },
    clock: systemClock,
    observer,
    onKeys: (planned) => keys?.replace(planned),
    random: Math.random,
  },
  {
    memoryLimitBytes: env.UNDERSTUDY_MODEL_MEMORY_MIB * MIB,
    mirrorLimits: {
      ...DEFAULT_SERVING_NODE_SETTINGS.mirrorLimits,
      runsPerSecond: env.UNDERSTUDY_SHADOW_RUNS_PER_SECOND,
    },
    policy:
      env.UNDERSTUDY_VERSION_POLICY === 'resource' ? resourcePreservingPolicy : availabilityPreservingPolicy,
  },
)

const reporter =
  record === undefined || answers === undefined
    ? new EvidenceLog({ collector, clock: systemClock, logger })
    : new NodeReporter({
        ...{ core, collector, incidents, store: record.store, clock: systemClock, logger },
        keeping: new RequestKeeping({
          ...{ store: record.store, answers, captures, plan, clock: systemClock, logger },
        }),
      })
const replays =
  record && inputKey !== undefined
    ? new ReplayRunner({
        ...{ store: record.store.requests, inputKey, clock: systemClock, logger },
        replay: (mirror, request) => core.replay(mirror, request),
        underWay: (seriesId) => collector.replays(seriesId),
        untilIdle: (seriesId) => runTimes.untilIdle(seriesId),
        seriesOf: (seriesId) => plan.series.get(seriesId),
        seriesIds: () => plan.series.keys(),
      })
    : undefined
const overrideReporter =
  record && new OverrideReporter({ overrides, record: record.store, clock: systemClock, logger })
const codec = new CodecClient({ workerPath: new URL('./codec/worker.mjs', import.meta.url), onFault })
const server = createRestServer({
  predictor: core.predictor,
  health: { live: () => true, ready: () => core.isReady() },
  metrics: metrics.route,
  overrides: createOverrideRoute(core, overrides, env.UNDERSTUDY_OVERRIDE_KEY),
  statistics,
  access: keys ?? openAccess,
  outcomes: record?.outcomes,
  tls,
  largeBodies: codec,
  host: env.UNDERSTUDY_REST_HOST,
  port: env.UNDERSTUDY_REST_PORT,
  observer: { requestEnded: (event) => observer.requestEnded(event), onFault },
})
const grpcServer = createGrpcServer({
  predictor: core.predictor,
  health: { live: () => true, ready: () => core.isReady() },
  statistics,
  access: keys ?? openAccess,
  credentials: grpcCredentials(tls),
  host: env.UNDERSTUDY_REST_HOST,
  port: env.UNDERSTUDY_GRPC_PORT,
  observer: { requestEnded: (event) => observer.requestEnded(event), onFault },
})

pool.start()
record?.listener.start()
tls?.start()
core.start()
reporter.start()
replays?.start()
overrideReporter?.start()
const { port: grpcPort } = await grpcServer.listen()
const address = await server.listen()
logger.info(
  {
    event: 'ready',
    ...address,
    grpcPort,
    tls: tls !== undefined,
    predictAuth: keys === undefined ? 'off' : 'required',
  },
  'serving node listens',
)

if (keys !== undefined && tls === undefined && !isLoopbackHost(env.UNDERSTUDY_REST_HOST)) {
  logger.warn(
    'API keys and data travel unencrypted: let something before this node speak TLS, or set UNDERSTUDY_TLS_CERT_FILE',
  )
}

onShutdown(
  async () => {
    const drainTimeoutMs = env.UNDERSTUDY_DRAIN_TIMEOUT_MS
    // Answers for a moment longer: a request may be on its way over a connection that was idle.
    const drain = { deadlineMs: drainTimeoutMs, graceMs: DRAIN_GRACE_MS }
    const drained = Promise.all([server.close(drain), grpcServer.close(drain)])
    // One may still wait for clients: it is refused when the core closes.
    const replayed = replays?.close()
    await Promise.all([reporter.close(), overrideReporter?.close()])
    await drained
    await codec.close()
    await core.close({ drainTimeoutMs })
    await replayed
    await runTimes.close()
    await pool.close()
    await comparer.close()
    await ingest.close()
    await tls?.close()
    await record?.listener.close()
    await record?.store.close()
    await record?.outcomes.close()
    await telemetry.shutdown()
    await starter.close()
  },
  { parentPipe: env.UNDERSTUDY_PARENT_PIPE === '1', deadlineMs: env.UNDERSTUDY_DRAIN_TIMEOUT_MS + 10_000 },
)

function createKeyRing(keyCheckKey: string): KeyRing {
  return new KeyRing({
    keyCheckKey,
    clock: systemClock,
    planAgeMs: () => core.predictor.planAgeMs(),
    maxStalenessMs: env.UNDERSTUDY_KEY_MAX_STALENESS_MS,
  })
}

function warnOfKeylessPlan(): void {
  if (saidKeyless) return
  saidKeyless = true
  logger.warn(
    'models ask to keep inputs, and this node has no UNDERSTUDY_INPUT_KEY to encrypt them with: none are kept, and none are replayed here',
  )
}

function openRecord(databaseUrl: string) {
  const store = new NodeStore({
    databaseUrl,
    incarnation: randomUUID(),
    name: env.UNDERSTUDY_NODE_NAME,
    restUrl: `${env.tls ? 'https' : 'http'}://${env.UNDERSTUDY_REST_HOST}:${env.UNDERSTUDY_REST_PORT}`,
  })
  return {
    store,
    listener: new ChangeListener({ databaseUrl, clock: systemClock, logger }),
    outcomes: new OutcomeStore({ databaseUrl, name: env.UNDERSTUDY_NODE_NAME }),
  }
}
