import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node'
import type { MetricFamily } from './metrics/metric-family.ts'
import { FamiliesProducer } from './metrics/metric-producer.ts'

const SHUTDOWN_LIMIT_MS = 2_000
const METRICS_INTERVAL_MS = 15_000
/** Data points that are encoded at once: the loop is free in between. */
const METRICS_BATCH_MAX = 200

export interface TelemetryOptions {
  /** `understudy-controller`, `understudy-serving`, `understudy-console`. */
  readonly serviceName: string
  /** Where an OTLP/HTTP collector listens (`OTEL_EXPORTER_OTLP_ENDPOINT`); undefined: nothing is exported. */
  readonly otlpEndpoint?: string | undefined
  /** Share of root traces that are recorded; a sampled parent is always followed. @defaultValue 1 */
  readonly sampleRatio?: number | undefined
  /**
   * Whether a span finds its parent through asynchronous calls. Not needed where every parent is given, and without it promises cost less:
   * Node 20 follows each of them once something has asked.
   * @defaultValue true
   */
  readonly asyncContext?: boolean | undefined
  /** What the process counts; sent to the collector every 15 seconds, and once more at the end. */
  readonly metrics?: readonly MetricFamily[] | undefined
}

export interface Telemetry {
  /** Sends what is buffered, within two seconds, and stops. Never rejects: telemetry must not break or delay a shutdown. */
  shutdown(): Promise<void>
}

/**
 * Starts tracing in this process, and the export of what it counts. Without an endpoint spans are still made, so that trace ids reach
 * logs and records.
 */
export function startTelemetry(options: TelemetryOptions): Telemetry {
  const { serviceName, otlpEndpoint, sampleRatio = 1, asyncContext = true, metrics = [] } = options
  const resource = resourceFromAttributes({ 'service.name': serviceName })
  const url = otlpEndpoint?.replace(/\/$/, '')
  const provider = new NodeTracerProvider({
    resource,
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
    spanProcessors: url
      ? [
          new BatchSpanProcessor(new OTLPTraceExporter({ url: `${url}/v1/traces` }), {
            scheduledDelayMillis: 1_000,
          }),
        ]
      : [],
  })
  provider.register(asyncContext ? {} : { contextManager: null })
  const meters = url && metrics.length > 0 ? meterProvider(url, resource, metrics) : undefined
  return {
    // A collector that is away is asked again and again, for longer than a process may take to end.
    shutdown: () =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, SHUTDOWN_LIMIT_MS)
        const done = () => {
          clearTimeout(timer)
          resolve()
        }
        Promise.allSettled([provider.shutdown(), meters?.shutdown()]).then(done, done)
      }),
  }
}

function meterProvider(url: string, resource: Resource, metrics: readonly MetricFamily[]): MeterProvider {
  return new MeterProvider({
    resource,
    readers: [
      new PeriodicExportingMetricReader({
        exporter: new OTLPMetricExporter({ url: `${url}/v1/metrics` }),
        exportIntervalMillis: METRICS_INTERVAL_MS,
        exportTimeoutMillis: METRICS_INTERVAL_MS,
        maxExportBatchSize: METRICS_BATCH_MAX,
        metricProducers: [new FamiliesProducer(metrics)],
      }),
    ],
  })
}
