import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node'

const SHUTDOWN_LIMIT_MS = 2_000

export interface TelemetryOptions {
  /** `understudy-controller`, `understudy-serving`, `understudy-console`. */
  readonly serviceName: string
  /** Where an OTLP/HTTP collector listens (`OTEL_EXPORTER_OTLP_ENDPOINT`); undefined: nothing is exported. */
  readonly otlpEndpoint?: string | undefined
  /** Share of root traces that are recorded; a sampled parent is always followed. @defaultValue 1 */
  readonly sampleRatio?: number | undefined
}

export interface Telemetry {
  /** Sends what is buffered, within two seconds, and stops. Never rejects: telemetry must not break or delay a shutdown. */
  shutdown(): Promise<void>
}

/** Starts tracing in this process. Without an endpoint spans are still made, so that trace ids reach logs and records. */
export function startTelemetry(options: TelemetryOptions): Telemetry {
  const { serviceName, otlpEndpoint, sampleRatio = 1 } = options
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
    spanProcessors: otlpEndpoint
      ? [
          new BatchSpanProcessor(
            new OTLPTraceExporter({ url: `${otlpEndpoint.replace(/\/$/, '')}/v1/traces` }),
            { scheduledDelayMillis: 1_000 },
          ),
        ]
      : [],
  })
  provider.register()
  return {
    // A collector that is away is asked again and again, for longer than a process may take to end.
    shutdown: () =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, SHUTDOWN_LIMIT_MS)
        const done = () => {
          clearTimeout(timer)
          resolve()
        }
        provider.shutdown().then(done, done)
      }),
  }
}
