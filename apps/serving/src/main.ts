import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '@understudy/core'
import { ChangeListener, NodeStore } from '@understudy/db/node'
import { ArtifactStore } from '@understudy/gitops/artifacts'
import { probeSpawnTools } from '@understudy/onnx'
import { FilePlanStore, ServingNodeCore } from '@understudy/serving'
import { createLogger, onShutdown } from '@understudy/telemetry'
import { startTelemetry } from '@understudy/telemetry/sdk'
import { ComparisonClient } from './comparison/comparison-client.ts'
import { EvidenceCollector } from './comparison/evidence-collector.ts'
import { readEnv } from './env.ts'
import { createRestServer } from './http/rest-server.ts'
import { NodeReporter } from './node/node-reporter.ts'
import { createOnnxAdapter } from './node/onnx-adapter.ts'
import { DatabasePlanReader } from './node/plan-reader.ts'
import { ServingSpans } from './telemetry/serving-spans.ts'

const MIB = 1024 * 1024
const DRAIN_GRACE_MS = 250

const env = readEnv()
const logger = createLogger({ name: 'serving', level: env.LOG_LEVEL })
const telemetry = startTelemetry({
  serviceName: 'understudy-serving',
  otlpEndpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT,
})
const folder = path.join(env.UNDERSTUDY_DATA_DIR, 'nodes', env.UNDERSTUDY_NODE_NAME)
await mkdir(folder, { recursive: true })
const nodeStore = new NodeStore({
  databaseUrl: env.DATABASE_URL,
  incarnation: randomUUID(),
  name: env.UNDERSTUDY_NODE_NAME,
  restUrl: `http://${env.UNDERSTUDY_REST_HOST}:${env.UNDERSTUDY_REST_PORT}`,
})
const listener = new ChangeListener({ databaseUrl: env.DATABASE_URL, clock: systemClock, logger })
const onFault = (error: Error) => logger.warn({ err: error }, 'a request failed by a fault of the platform')
const comparer = new ComparisonClient({
  workerPath: new URL('./comparison/worker.mjs', import.meta.url),
  onFault,
})
const reader = new DatabasePlanReader(nodeStore, listener, (seriesIds) =>
  collector.setPlannedSeries(seriesIds),
)
const collector = new EvidenceCollector({
  comparer,
  baselineOutputs: (mirror) => reader.baselineOutputs(mirror),
})

const core = new ServingNodeCore(
  {
    reader,
    store: new FilePlanStore(path.join(folder, 'plan.json')),
    adapter: createOnnxAdapter({
      store: new ArtifactStore(path.join(env.UNDERSTUDY_DATA_DIR, 'artifacts')),
      folder: path.join(folder, 'versions'),
      executor: {
        entry: fileURLToPath(new URL('../../../packages/onnx/dist/executor/main.mjs', import.meta.url)),
        tools: await probeSpawnTools(),
      },
      onEvent: (event) => logger.warn({ ...event }, `executor ${event.type}`),
    }),
    mirrorSink: collector,
    clock: systemClock,
    observer: new ServingSpans({ logger, sampleRatio: env.UNDERSTUDY_TRACE_SAMPLE, random: Math.random }),
    random: Math.random,
  },
  { memoryLimitBytes: env.UNDERSTUDY_MODEL_MEMORY_MIB * MIB },
)

const reporter = new NodeReporter({ core, collector, store: nodeStore, clock: systemClock, logger })
const server = createRestServer({
  predictor: core.predictor,
  health: { live: () => true, ready: () => core.isReady() },
  host: env.UNDERSTUDY_REST_HOST,
  port: env.UNDERSTUDY_REST_PORT,
  observer: { onPredict: () => ({ end: () => undefined }), onFault },
})

listener.start()
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
    await core.close({ drainTimeoutMs })
    await comparer.close()
    await listener.close()
    await nodeStore.close()
    await telemetry.shutdown()
  },
  { parentPipe: env.UNDERSTUDY_PARENT_PIPE === '1', deadlineMs: env.UNDERSTUDY_DRAIN_TIMEOUT_MS + 10_000 },
)
