import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js'
import { PlatformError, toPlatformError } from '@understudy/core'
import { grpcMessage, grpcStatusOf } from '@understudy/protocols'
import { AnswerMetadata } from './answer-metadata.ts'
import { requestIdIn } from './call-metadata.ts'
import { InOrder } from './in-order.ts'
import type { CallContext } from './unary-call.ts'

export type BidiCall = ServerDuplexStream<Buffer, Uint8Array>
export type AnyStream = BidiCall | ServerWritableStream<Buffer, Uint8Array>

const SETTLED = ['drain', 'cancelled', 'close', 'error'] as const

/** Writes, and resolves when more may be written, or nobody reads any more. Never rejects. */
export function writeTo(call: AnyStream, bytes: Uint8Array): Promise<void> {
  if (call.cancelled || call.destroyed || call.writableEnded) return Promise.resolve()
  if (call.write(bytes)) return Promise.resolve()
  return new Promise((resolve) => {
    const settle = () => {
      for (const event of SETTLED) call.off(event, settle)
      resolve()
    }
    for (const event of SETTLED) call.on(event, settle)
  })
}

/** Ends a stream with the status of an error. */
export function failStream(context: CallContext, call: AnyStream, thrown: unknown): void {
  const error = toPlatformError(thrown)
  if (error.category === 'INTERNAL' || error.category === 'DATA_LOSS') context.observer?.onFault(error)
  if (call.destroyed || call.writableEnded) return
  call.emit('error', { code: grpcStatusOf(error), details: grpcMessage(error.publicMessage) })
}

/** Sends the initial metadata at once: clients of long streams wait for it. */
export function openStream(context: CallContext, call: AnyStream, requestId?: string): void {
  const id = requestId ?? requestIdIn(call.metadata, context.newId)
  call.sendMetadata(new AnswerMetadata(id, undefined, context.predictor.planAgeMs()))
}

export interface AnsweredStream {
  /** Messages that are worked on at once. */
  readonly maxInFlight: number
  /** Aborts when the server wants its streams to end. */
  readonly drain: AbortSignal
  /** Must not reject: the answer to a message that cannot be answered is an answer, too. */
  readonly answer: (message: Buffer) => Promise<Uint8Array>
}

/**
 * Answers every message of a stream with one, in their order, and ends the stream after the last.
 *
 * No further message is taken while as many as may be are in flight, or while the client does not read answers. When the server drains,
 * what was taken is answered before the stream ends.
 * @throws PlatformError `serving.draining`
 */
export async function answerStream(call: BidiCall, options: AnsweredStream): Promise<void> {
  const { maxInFlight, drain, answer } = options
  const answers = new InOrder({
    max: maxInFlight,
    write: (bytes) => writeTo(call, bytes),
    onRoom: () => {
      if (!drain.aborted) call.resume()
    },
  })
  await untilEnded(call, drain, (message) => {
    answers.add(answer(message))
    if (answers.isFull) call.pause()
  })
  await answers.end()
  if (call.cancelled) return
  if (drain.aborted) throw drainingError()
  call.end()
}

export function drainingError(): PlatformError {
  return new PlatformError('serving.draining', 'This node goes away; open the stream again.')
}

/** Resolves when no further message comes: the client has ended or has gone, or the server drains. */
export function untilEnded(
  call: AnyStream,
  drain: AbortSignal,
  take?: (message: Buffer) => void,
): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      drain.removeEventListener('abort', stop)
      resolve()
    }
    const stop = () => {
      if ('pause' in call) call.pause()
      settle()
    }
    drain.addEventListener('abort', stop)
    for (const event of ['end', 'cancelled', 'close']) call.on(event, settle)
    if (take !== undefined) call.on('data', take)
    if (drain.aborted) stop()
  })
}
