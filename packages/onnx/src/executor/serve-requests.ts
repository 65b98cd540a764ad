import type { Socket } from 'node:net'
import { isPlatformError, type NamedTensors } from '@understudy/core'
import { decodeRequest } from '../frames/decode-frame.ts'
import { encodeFrame } from '../frames/encode-frame.ts'
import type { FailureKind, ReplyFrame, RequestFrame } from '../frames/frame.ts'
import type { FrameLimits } from '../frames/frame-limits.ts'
import { FrameSplitter, type RawFrame } from '../frames/frame-splitter.ts'
import { tensorsBytes } from '../frames/tensor-codec.ts'
import { endProcessSaying } from './end-process.ts'
import type { MemoryLimit } from './memory-limit.ts'
import { isMemoryMessage, mebibytes } from './memory-message.ts'
import type { RunClock } from './run-clock.ts'
import { type SessionHost, UnsupportedModelError } from './session-host.ts'

type FailedFrame = Extract<ReplyFrame, { type: 'failed' }>

const MAX_MESSAGE_CHARS = 2_000
/** Of its limit. A model and what its runs usually need take less. */
const KEPT_SHARE_MAX = 1 / 2

export interface RequestServer {
  readonly socket: Socket
  readonly host: SessionHost
  readonly clock: RunClock
  readonly memoryLimit: MemoryLimit
  /** What this process holds for itself. */
  readonly memoryBytes: () => number
  readonly limits: FrameLimits
  readonly maxResponseBytes: number
}

/**
 * Carries out requests one after the other until the parent ends the stream. A broken frame ends it with an error.
 *
 * A request begins only after the answer before it has left this process: so when the process dies, the oldest unanswered request
 * is for certain the one that was being carried out.
 */
export function serveRequests(server: RequestServer): Promise<void> {
  return new Promise((resolve, reject) => new RequestLoop(server, resolve, reject))
}

/** Events and not an iterator over the stream: for a small model that would cost as much as its run. */
class RequestLoop {
  readonly #server: RequestServer
  readonly #splitter: FrameSplitter
  readonly #resolve: () => void
  readonly #reject: (error: unknown) => void
  /** Read and not begun. */
  #waiting: RawFrame[] = []
  #isBusy = false
  #isEnded = false
  readonly #onSent = (error?: Error | null) => {
    if (error) this.#reject(error)
    this.#isBusy = false
    this.#next()
  }

  constructor(server: RequestServer, resolve: () => void, reject: (error: unknown) => void) {
    const { socket, limits } = server
    this.#server = server
    this.#splitter = new FrameSplitter(limits)
    this.#resolve = resolve
    this.#reject = reject
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('end', () => {
      this.#isEnded = true
      this.#next()
    })
    socket.on('error', reject)
  }

  #read(chunk: Uint8Array): void {
    try {
      const frames = this.#splitter.push(chunk)
      this.#waiting = this.#waiting.length === 0 ? frames : [...this.#waiting, ...frames]
    } catch (error) {
      this.#reject(error)
      return
    }
    // What one chunk holds is enough to have in memory.
    if (this.#isBusy) this.#server.socket.pause()
    else this.#next()
  }

  #next(): void {
    if (this.#isBusy) return
    const raw = this.#waiting.shift()
    if (raw !== undefined) {
      this.#isBusy = true
      this.#serve(raw)
    } else if (this.#isEnded) this.#resolve()
    else if (this.#server.socket.isPaused()) this.#server.socket.resume()
  }

  #serve(raw: RawFrame): void {
    const { socket, limits } = this.#server
    try {
      const frame = carryOut(this.#server, decodeRequest(raw, limits))
      socket.write(encodeReply(frame, limits), this.#onSent)
    } catch (error) {
      this.#reject(error)
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

function carryOut(server: RequestServer, request: RequestFrame): ReplyFrame {
  const { host, clock } = server
  const { id } = request
  const startedAt = performance.now()
  try {
    switch (request.type) {
      case 'load': {
        clock.begin('load', request.limitMs)
        const { model, signature } = host.load(request)
        return { type: 'loaded', id, model, tookMs: performance.now() - startedAt, signature }
      }
      case 'run': {
        clock.begin('run', request.limitMs)
        const tensors = host.run(request.model, request.tensors)
        assertSendable(tensors, server.maxResponseBytes)
        return { type: 'ran', id, tookMs: performance.now() - startedAt, tensors }
      }
      case 'unload':
        host.unload(request.model)
        return { type: 'done', id }
      case 'limit':
        server.memoryLimit.bytes = request.memoryLimitBytes
        return { type: 'done', id }
      case 'ping':
        return { type: 'done', id }
    }
  } catch (error) {
    const failed = failure(id, request.type === 'load' ? 'load' : 'run', error)
    // What this run and those before it have left here, only an end gives back; the run may fit into another process.
    if (request.type === 'run' && failed.kind === 'memory' && keepsMuch(server)) endProcessSaying('memory')
    return failed
  } finally {
    clock.end()
  }
}

function keepsMuch({ memoryLimit, memoryBytes }: RequestServer): boolean {
  return memoryLimit.bytes > 0 && memoryBytes() > KEPT_SHARE_MAX * memoryLimit.bytes
}

/** Refuses what is too large to send before it is encoded, which would take its memory once more here and once in the parent. */
function assertSendable(tensors: NamedTensors, maxResponseBytes: number): void {
  const sizeBytes = tensorsBytes(tensors, 0)
  if (sizeBytes <= maxResponseBytes) return
  throw new Error(
    `The answer has ${mebibytes(sizeBytes)}; at most ${mebibytes(maxResponseBytes)} are sent (maxResponseBytes). Ask for fewer rows or outputs, or raise the limit.`,
  )
}

function failure(id: number, kind: FailureKind, error: unknown): FailedFrame {
  const text = (error instanceof Error ? error.message : String(error)).slice(0, MAX_MESSAGE_CHARS)
  if (error instanceof UnsupportedModelError)
    return { type: 'failed', id, kind: 'unsupported', message: text }
  return { type: 'failed', id, kind: isMemoryMessage(text) ? 'memory' : kind, message: text }
}
