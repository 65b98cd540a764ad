import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '@understudy/core'
import { ChangeListener, NodeStore } from '@understudy/db/node'
import { ArtifactStore } from '@understudy/gitops/artifacts'
import { describeExit, ExecutorPool, probeSpawnTools } from '@understudy/onnx'
import {
  availabilityPreservingPolicy,
  combineObservers,
  FilePlanStore,
  resourcePreservingPolicy,
  ServingNodeCore,
} from '@understudy/serving'
import { createLogger, onShutdown } from '@understudy/telemetry'
import { startTelemetry } from '@understudy/telemetry/sdk'
import { CodecClient } from './codec/codec-client.ts'
import { ComparisonClient } from './comparison/comparison-client.ts'
import { EvidenceCollector } from './comparison/evidence-collector.ts'
import { readEnv } from './env.ts'
import { createRestServer } from './http/rest-server.ts'
import { EvidenceLog } from './node/evidence-log.ts'
import { IncidentLog } from './node/incident-log.ts'
import { MirroredSeries } from './node/mirrored-series.ts'
import { NodeReporter } from './node/node-reporter.ts'
import { createOnnxAdapter } from './node/onnx-adapter.ts'
import { PlanFileReader } from './node/plan-file-reader.ts'
import { DatabasePlanReader } from './node/plan-reader.ts'
import { NodeMetrics } from './telemetry/node-metrics.ts'
import { ServingSpans } from './telemetry/serving-spans.ts'
import { IngestClient } from './versions/ingest-client.ts'
import { VersionStore } from './versions/version-store.ts'
import { watchPlan } from './versions/watch-plan.ts'

const MIB = 1024 * 1024
const DRAIN_GRACE_MS = 250

const env = readEnv()
const logger = createLogger({ name: 'serving', level: env.LOG_LEVEL })
const metrics: NodeMetrics = new NodeMetrics({
  models: () => core.predictor.models(),
  servables: () => core.servableStatuses(),
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
const series = new MirroredSeries((seriesIds) => collector.setPlannedSeries(seriesIds))
const collector = new EvidenceCollector({
  comparer,
  baselineOutputs: (mirror) => series.baselineOutputs(mirror),
})
const reader =
  record === undefined
    ? new PlanFileReader(env.UNDERSTUDY_PLAN_FILE ?? '', { clock: systemClock, series })
    : new DatabasePlanReader(record.store, record.listener, series)

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
    tools: await probeSpawnTools(),
  },
  onLost: (lost, exit) => logger.warn({ ...lost, exit }, `an executor ${describeExit(exit)}`),
  onStartFailed: (error) => logger.error({ err: error }, 'no executor could be started'),
})
const incidents = new IncidentLog()
const observer = combineObservers([
  metrics.observer,
  new ServingSpans({ logger, sampleRatio: env.UNDERSTUDY_TRACE_SAMPLE, random: Math.random }),
  incidents.observer,
])

const core = new ServingNodeCore(
  {
    reader: watchPlan(reader, versions),
    store: new FilePlanStore(path.join(folder, 'plan.json')),
    adapter: createOnnxAdapter({
      store: artifacts,
      versions,
      pool,
      onIncident: (incident, digest) => observer.incident({ ...incident, digest, confirmedInput: null }),
      onEvent: (event) => {
        // The pool warns of a loss, once for all versions that shared the executor.
        if ('error' in event) logger.warn({ ...event }, `executor ${event.type}`)
        else logger[event.placement === 'shared' ? 'debug' : 'info']({ ...event }, `executor ${event.type}`)
      },
    }),
    mirrorSink: collector,
    clock: systemClock,
    observer,
    random: Math.random,
  },
  {
    memoryLimitBytes: env.UNDERSTUDY_MODEL_MEMORY_MIB * MIB,
    policy:
      env.UNDERSTUDY_VERSION_POLICY === 'resource' ? resourcePreservingPolicy : availabilityPreservingPolicy,
  },
)

const reporter =
  record === undefined
    ? new EvidenceLog({ collector, clock: systemClock, logger })
    : new NodeReporter({ core, collector, incidents, store: record.store, clock: systemClock, logger })
const codec = new CodecClient({ workerPath: new URL('./codec/worker.mjs', import.meta.url), onFault })
const server = createRestServer({
  predictor: core.predictor,
  health: { live: () => true, ready: () => core.isReady() },
  metrics: metrics.route,
  largeBodies: codec,
  host: env.UNDERSTUDY_REST_HOST,
  port: env.UNDERSTUDY_REST_PORT,
  observer: { requestEnded: (event) => observer.requestEnded(event), onFault },
})

pool.start()
record?.listener.start()
core.start()
reporter.start()
const address = await server.listen()
logger.info({ event: 'ready', ...address }, 'serving node listens')

onShutdown(
  async () => {
    const drainTimeoutMs = env.UNDERSTUDY_DRAIN_TIMEOUT_MS
    // Answers for a moment longer: a request may be on its way over a connection that was idle.
    const drained = server.close({ deadlineMs: drainTimeoutMs, graceMs: DRAIN_GRACE_MS })
    await reporter.close()
    await drained
    await codec.close()
    await core.close({ drainTimeoutMs })
    await pool.close()
    await comparer.close()
    await ingest.close()
    await record?.listener.close()
    await record?.store.close()
    await telemetry.shutdown()
  },
  { parentPipe: env.UNDERSTUDY_PARENT_PIPE === '1', deadlineMs: env.UNDERSTUDY_DRAIN_TIMEOUT_MS + 10_000 },
)

function openRecord(databaseUrl: string) {
  const store = new NodeStore({
    databaseUrl,
    incarnation: randomUUID(),
    name: env.UNDERSTUDY_NODE_NAME,
    restUrl: `http://${env.UNDERSTUDY_REST_HOST}:${env.UNDERSTUDY_REST_PORT}`,
  })
  return { store, listener: new ChangeListener({ databaseUrl, clock: systemClock, logger }) }
}
