import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

type AttributeValue = string | number | boolean

/** A span as a collector receives it. */
export interface ReceivedSpan {
  /** `service.name` of the process it comes from. */
  readonly service: string
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly startMs: number
  readonly endMs: number
  readonly attributes: Readonly<Record<string, AttributeValue>>
  /** Trace ids that it links to. */
  readonly links: readonly string[]
  readonly failed: boolean
}

interface WireValue {
  readonly stringValue?: string
  readonly intValue?: string | number
  readonly doubleValue?: number
  readonly boolValue?: boolean
}
type WireAttributes = readonly { readonly key: string; readonly value: WireValue }[]

interface WireSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes?: WireAttributes
  readonly links?: readonly { readonly traceId: string }[]
  readonly status?: { readonly code?: number }
}

interface WireExport {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: WireAttributes }
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[]
  }[]
}

const STATUS_ERROR = 2

/**
 * An OTLP/HTTP collector that keeps every span it is sent, and tells of them, also to other processes: `GET /spans?trace=<id>` gives those
 * of a trace, the earliest first, `GET /spans?link=<id>` those that link to it.
 */
export class OtlpReceiver {
  readonly #spans: ReceivedSpan[] = []
  readonly endpoint: string
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
    this.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('request', (request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const { pathname, searchParams } = new URL(request.url ?? '/', this.endpoint)
        if (pathname === '/v1/traces') this.#spans.push(...readExport(Buffer.concat(chunks).toString()))
        response.setHeader('content-type', 'application/json')
        response.end(pathname === '/spans' ? JSON.stringify(this.#found(searchParams)) : '{}')
      })
    })
  }

  static async listen(): Promise<OtlpReceiver> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new OtlpReceiver(server)
  }

  #found(asked: URLSearchParams): ReceivedSpan[] {
    const [trace, link] = [asked.get('trace'), asked.get('link')]
    const found = this.#spans.filter((span) =>
      trace === null ? link !== null && span.links.includes(link) : span.traceId === trace,
    )
    return found.sort((a, b) => a.startMs - b.startMs)
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}

function readExport(text: string): ReceivedSpan[] {
  const received: WireExport = JSON.parse(text)
  return received.resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(readAttributes(resource.attributes)['service.name'])
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => readSpan(service, span)))
  })
}

function readSpan(service: string, span: WireSpan): ReceivedSpan {
  return {
    service,
    name: span.name,
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId || undefined,
    startMs: Number(span.startTimeUnixNano) / 1e6,
    endMs: Number(span.endTimeUnixNano) / 1e6,
    attributes: readAttributes(span.attributes ?? []),
    links: (span.links ?? []).map((link) => link.traceId),
    failed: span.status?.code === STATUS_ERROR,
  }
}

function readAttributes(attributes: WireAttributes): Record<string, AttributeValue> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.stringValue ??
        value.boolValue ??
        value.doubleValue ??
        (value.intValue === undefined ? '' : Number(value.intValue)),
    ]),
  )
}
