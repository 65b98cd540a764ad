import type { ServerWritableStream } from '@grpc/grpc-js'
import { PlatformError } from '@understudy/core'
import {
  HealthCheckRequest,
  HealthCheckResponse,
  HealthListResponse,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '@understudy/protocols/generated/grpc/health/v1/health'
import { decodeMessage, encodeMessage } from './decode-message.ts'
import type { GrpcSurface } from './grpc-surface.ts'
import { drainingError, failStream, openStream, untilEnded, writeTo } from './stream-call.ts'

export const HEALTH_SERVICE = 'grpc.health.v1.Health'
/** How soon a watcher learns of a change. */
const LOOK_AGAIN_MS = 250

export interface HealthServiceOptions {
  /** Full names; the empty one, for the whole server, is added. */
  readonly services: readonly string[]
  readonly isReady: () => boolean
  /** Aborts when the server wants its streams to end. */
  readonly drain: AbortSignal
}

/** Adds `grpc.health.v1`: every service serves while the node is ready. Probes carry no keys. */
export function addHealthService(surface: GrpcSurface, options: HealthServiceOptions): void {
  const names = ['', ...options.services]
  const current = () => (options.isReady() ? ServingStatus.SERVING : ServingStatus.NOT_SERVING)
  surface.open(`/${HEALTH_SERVICE}/Check`, (message) => {
    const { service } = decodeMessage(HealthCheckRequest, message)
    if (names.includes(service)) return encodeMessage(HealthCheckResponse, { status: current() })
    throw new PlatformError('request.unknown_route', 'There is no service of that name here.')
  })
  surface.open(`/${HEALTH_SERVICE}/List`, () => {
    const statuses = new Map(names.map((name) => [name, { status: current() }]))
    return encodeMessage(HealthListResponse, { statuses })
  })
  surface.serverStream(`/${HEALTH_SERVICE}/Watch`, async (call) => {
    try {
      const { service } = decodeMessage(HealthCheckRequest, call.request)
      const isKnown = names.includes(service)
      openStream(surface.context, call)
      await watch(call, () => (isKnown ? current() : ServingStatus.SERVICE_UNKNOWN), options.drain)
    } catch (error) {
      failStream(surface.context, call, error)
    }
  })
}

/** Tells the state now and after each change, until the client goes or the server drains. */
async function watch(
  call: ServerWritableStream<Buffer, Uint8Array>,
  state: () => ServingStatus,
  drain: AbortSignal,
): Promise<void> {
  let told: ServingStatus | undefined
  const tell = () => {
    const status = state()
    if (status === told || call.writableNeedDrain) return
    told = status
    void writeTo(call, encodeMessage(HealthCheckResponse, { status }))
  }
  tell()
  const timer = setInterval(tell, LOOK_AGAIN_MS)
  await untilEnded(call, drain)
  clearInterval(timer)
  if (call.cancelled) return
  tell()
  throw drainingError()
}
