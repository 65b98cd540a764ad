import type { handleUnaryCall, Server, ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js'
import { type PlatformError, toPlatformError } from '@understudy/core'
import type { CallScope } from './call-scope.ts'
import type { DirectCalls } from './direct/direct-calls.ts'
import type { WantedPrediction } from './prediction-run.ts'
import { type CallContext, UnaryCall } from './unary-call.ts'
import { type PredictionMethod, UnaryPrediction } from './unary-prediction.ts'

/** A stream that the client and the server write to, and one that only the server does. */
export type BidiHandler = (call: ServerDuplexStream<Buffer, Uint8Array>) => Promise<void>
export type ServerStreamHandler = (call: ServerWritableStream<Buffer, Uint8Array>) => Promise<void>
export type UnaryHandler = (message: Buffer, scope: CallScope) => Uint8Array | Promise<Uint8Array>

/**
 * Where services add their methods. For every call it asks access first, reads metadata and deadline, holds the message against the byte
 * budget, answers errors as statuses, says who answered, and tells the observer: a service only maps messages.
 *
 * Messages are bytes on both sides: reading them is the method's, so that what cannot be read gets a proper status.
 */
export class GrpcSurface {
  readonly server: Server
  readonly context: CallContext
  readonly #direct: DirectCalls | undefined

  /** @param direct answers the usual predictions past the library */
  constructor(server: Server, context: CallContext, direct?: DirectCalls) {
    this.server = server
    this.context = context
    this.#direct = direct
  }

  /** @param path `/package.Service/Method` */
  prediction<W extends WantedPrediction>(path: string, method: PredictionMethod<W>): void {
    this.#direct?.add(path, method)
    this.#register(path, (call, respond) => {
      const unary = new UnaryCall(this.context, call, respond)
      try {
        new UnaryPrediction(unary, method, unary.open()).start(this.context)
      } catch (error) {
        unary.fail(toPlatformError(error))
      }
    })
  }

  /** A method that asks for no prediction, or for several. @param path `/package.Service/Method` */
  unary(path: string, handle: UnaryHandler, describe?: (error: PlatformError) => string): void {
    this.#register(path, (call, respond) => {
      const unary = new UnaryCall(this.context, call, respond)
      const fail = (thrown: unknown) => {
        const error = toPlatformError(thrown)
        unary.fail(error, describe?.(error))
      }
      try {
        const answer = handle(unary.message, unary.open())
        if (answer instanceof Uint8Array) unary.answer(answer)
        else answer.then((bytes) => unary.answer(bytes), fail)
      } catch (error) {
        fail(error)
      }
    })
  }

  /** A method for everybody, without a key: it must tell nothing that is not public. @param path `/package.Service/Method` */
  open(path: string, handle: (message: Buffer) => Uint8Array): void {
    this.#register(path, (call, respond) => {
      const unary = new UnaryCall(this.context, call, respond)
      try {
        unary.answer(handle(unary.message))
      } catch (error) {
        unary.fail(toPlatformError(error))
      }
    })
  }

  /** The handler itself asks access, and answers every error; it must not reject. @param path `/package.Service/Method` */
  bidi(path: string, handle: BidiHandler): void {
    this.server.register(
      path,
      (call: Parameters<BidiHandler>[0]) => void handle(call),
      toBuffer,
      asIs,
      'bidi',
    )
  }

  /** As {@link bidi}, for one message of the client. */
  serverStream(path: string, handle: ServerStreamHandler): void {
    const run = (call: Parameters<ServerStreamHandler>[0]) => void handle(call)
    this.server.register(path, run, toBuffer, asIs, 'serverStream')
  }

  #register(path: string, handle: handleUnaryCall<Buffer, Uint8Array>): void {
    this.server.register(path, handle, toBuffer, asIs, 'unary')
  }
}

export function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

export function asIs(bytes: Buffer): Buffer {
  return bytes
}
