import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import type { Server } from '@grpc/grpc-js'
import type { PredictionMethod } from '../unary-prediction.ts'
import { DirectCall, type DirectContext } from './direct-call.ts'
import { readGrpcTimeout } from './grpc-timeout.ts'
import { takeStreams } from './take-streams.ts'

const CONTENT_TYPES: readonly unknown[] = ['application/grpc', 'application/grpc+proto']

/**
 * Answers predictions on the streams of grpc-js's connections, at a fraction of what its calls cost. What is not usual goes to grpc-js,
 * where the same methods are: compressed messages, other content types, timeouts that are none.
 */
export class DirectCalls {
  readonly #context: DirectContext
  readonly #methods = new Map<unknown, PredictionMethod>()

  constructor(context: DirectContext) {
    this.#context = context
  }

  add(path: string, method: PredictionMethod): void {
    this.#methods.set(path, method)
  }

  /** @returns false where grpc-js cannot be shown its streams first: it answers everything then */
  takeFrom(server: Server): boolean {
    return takeStreams(server, (stream, headers) => this.#take(stream, headers))
  }

  #take(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): boolean {
    const method = this.#methods.get(headers[':path'])
    if (method === undefined || headers[':method'] !== 'POST') return false
    if (!CONTENT_TYPES.includes(headers['content-type'])) return false
    const encoding = headers['grpc-encoding']
    if (encoding !== undefined && encoding !== 'identity') return false
    const timeoutMs = readGrpcTimeout(headers['grpc-timeout'])
    if (timeoutMs === undefined) return false
    new DirectCall(this.#context, { stream, headers, timeoutMs, method })
    return true
  }
}
