import type { Socket } from 'node:net'
import { isPlatformError, type NamedTensors } from '@understudy/core'
import { decodeRequest } from '../frames/decode-frame.ts'
import { encodeFrame } from '../frames/encode-frame.ts'
import type { FailureKind, ReplyFrame, RequestFrame } from '../frames/frame.ts'
import type { FrameLimits } from '../frames/frame-limits.ts'
import { FrameSplitter } from '../frames/frame-splitter.ts'
import { tensorsBytes } from '../frames/tensor-codec.ts'
import type { MemoryLimit } from './memory-limit.ts'
import { isMemoryMessage, mebibytes } from './memory-message.ts'
import type { RunClock } from './run-clock.ts'
import { type SessionHost, UnsupportedModelError } from './session-host.ts'

const MAX_MESSAGE_CHARS = 2_000

export interface RequestServer {
  readonly socket: Socket
  readonly host: SessionHost
  readonly clock: RunClock
  readonly memoryLimit: MemoryLimit
  readonly limits: FrameLimits
  readonly maxResponseBytes: number
}

/**
 * Carries out requests one after the other until the parent ends the stream. A broken frame ends it with an error.
 *
 * A request begins only after the answer before it has left this process: so when the process dies, the oldest unanswered request
 * is for certain the one that was being carried out.
 */
export async function serveRequests(server: RequestServer): Promise<void> {
  const splitter = new FrameSplitter(server.limits)
  for await (const chunk of server.socket) {
    for (const raw of splitter.push(chunk)) {
      const request = decodeRequest(raw, server.limits)
      await reply(server, await carryOut(server, request))
    }
  }
}

/** Resolves when the bytes have been handed to the kernel. */
export function reply({ socket, limits }: RequestServer, frame: ReplyFrame): Promise<void> {
  const bytes = encodeReply(frame, limits)
  return new Promise((resolve, reject) => {
    socket.write(bytes, (error) => (error ? reject(error) : resolve()))
  })
}

function encodeReply(frame: ReplyFrame, limits: FrameLimits): Uint8Array {
  try {
    return encodeFrame(frame, limits)
  } catch (error) {
    if (!isPlatformError(error)) throw error
    const message = `The answer is too large to send: ${error.message}`
    return encodeFrame({ type: 'failed', id: frame.id, kind: 'run', message }, limits)
  }
}

async function carryOut(server: RequestServer, request: RequestFrame): Promise<ReplyFrame> {
  const { host, clock } = server
  const { id } = request
  const startedAt = performance.now()
  try {
    switch (request.type) {
      case 'load': {
        clock.begin('load', request.limitMs)
        const { model, signature } = await host.load(request)
        return { type: 'loaded', id, model, tookMs: performance.now() - startedAt, signature }
      }
      case 'run': {
        clock.begin('run', request.limitMs)
        const tensors = await host.run(request.model, request.tensors)
        assertSendable(tensors, server.maxResponseBytes)
        return { type: 'ran', id, tookMs: performance.now() - startedAt, tensors }
      }
      case 'unload':
        await host.unload(request.model)
        return { type: 'done', id }
      case 'limit':
        server.memoryLimit.bytes = request.memoryLimitBytes
        return { type: 'done', id }
      case 'ping':
        return { type: 'done', id }
    }
  } catch (error) {
    return failure(id, request.type === 'load' ? 'load' : 'run', error)
  } finally {
    clock.end()
  }
}

/** Refuses what is too large to send before it is encoded, which would take its memory once more here and once in the parent. */
function assertSendable(tensors: NamedTensors, maxResponseBytes: number): void {
  const sizeBytes = tensorsBytes(tensors, 0)
  if (sizeBytes <= maxResponseBytes) return
  throw new Error(
    `The answer has ${mebibytes(sizeBytes)}; at most ${mebibytes(maxResponseBytes)} are sent (maxResponseBytes). Ask for fewer rows or outputs, or raise the limit.`,
  )
}

function failure(id: number, kind: FailureKind, error: unknown): ReplyFrame {
  const text = (error instanceof Error ? error.message : String(error)).slice(0, MAX_MESSAGE_CHARS)
  if (error instanceof UnsupportedModelError)
    return { type: 'failed', id, kind: 'unsupported', message: text }
  return { type: 'failed', id, kind: isMemoryMessage(text) ? 'memory' : kind, message: text }
}
