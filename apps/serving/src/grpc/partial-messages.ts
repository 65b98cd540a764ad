import { constants, type ServerHttp2Stream } from 'node:http2'
import type { ServerInterceptingCall, ServerInterceptor } from '@grpc/grpc-js'
import type { ByteBudget } from '../http/byte-budget.ts'
import { ByteLease } from '../http/byte-budget.ts'
import { isWholeMessage, MessageMeter } from './message-meter.ts'

export interface PartialMessagesOptions {
  readonly budget: ByteBudget
  /** From the first byte of a message to its last. */
  readonly messageTimeoutMs: number
}

/**
 * Holds messages that are not whole yet against the byte budget and the clock: grpc-js collects them before anybody can be asked, as many
 * at once as there are streams. A stream that goes too far is reset, which clients see as RESOURCE_EXHAUSTED.
 *
 * It looks at the stream below a call, which grpc-js keeps to itself. Where that is not found, nothing is held against anything.
 */
export function limitPartialMessages(options: PartialMessagesOptions): ServerInterceptor {
  return (_method, call) => {
    const { stream } = call as unknown as { readonly stream?: ServerHttp2Stream }
    if (stream !== undefined) new PartialMessage(stream, options)
    // The call itself fits: wrapping it would only cost time.
    return call as unknown as ServerInterceptingCall
  }
}

class PartialMessage {
  readonly #stream: ServerHttp2Stream
  readonly #options: PartialMessagesOptions
  #meter: MessageMeter | undefined
  #lease: ByteLease | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(stream: ServerHttp2Stream, options: PartialMessagesOptions) {
    this.#stream = stream
    this.#options = options
    stream.on('data', (chunk: Buffer) => this.#read(chunk))
  }

  #read(chunk: Buffer): void {
    // Most messages come in one piece.
    if (this.#meter === undefined && isWholeMessage(chunk)) return
    this.#meter ??= new MessageMeter()
    this.#meter.read(chunk)
    const { partialBytes } = this.#meter
    const lease = this.#held()
    lease.release()
    if (partialBytes === 0) {
      clearTimeout(this.#timer)
      this.#timer = undefined
      return
    }
    try {
      lease.take(partialBytes)
    } catch {
      this.#reset()
      return
    }
    this.#timer ??= setTimeout(() => this.#reset(), this.#options.messageTimeoutMs)
  }

  #held(): ByteLease {
    if (this.#lease === undefined) {
      const lease = new ByteLease(this.#options.budget)
      this.#lease = lease
      this.#stream.once('close', () => {
        lease.release()
        clearTimeout(this.#timer)
      })
    }
    return this.#lease
  }

  #reset(): void {
    clearTimeout(this.#timer)
    this.#stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM)
  }
}
