import { Socket } from 'node:net'
import type { Exchange } from '../exchange.ts'
import type { OneWriteResponse } from '../one-write-response.ts'
import { lateResponse } from './late-response.ts'
import { PlainTurn, type TurnHost } from './plain-turn.ts'
import { readIntoBlocks } from './read-into-blocks.ts'
import { HeadReader, type PlainHead } from './read-plain-head.ts'

/** What a connection needs of those who keep it. */
export interface ConnectionHost {
  readonly keepAliveTimeoutMs: number
  /** Time of the last look at all connections: exact enough for waits of seconds. */
  readonly nowMs: number
  /** Counts a request in. */
  open(turn: PlainTurn): Exchange
  /** Begins to answer it, which may be over when this returns. */
  begin(exchange: Exchange): void
  /** Is told when a request has ended, with or without its answer. */
  ended(exchange: Exchange, isAnswered: boolean): void
  /** The connection is over, or Node's. */
  forget(connection: PlainConnection): void
  /** Has Node's server take the socket as if it had just been opened. */
  serve(socket: Socket): void
}

export type Waiting = 'nothing' | 'first' | 'next' | 'body'

/** A body that is larger comes in so many pieces that reading its head costs nothing beside it. */
const BODY_BYTES_MAX = 64 * 1024
const BAD_REQUEST = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'
const REQUEST_TIMEOUT = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n'

/**
 * A connection as long as its requests are plain: one is answered after the other, and with the first that is not it becomes Node's,
 * with the bytes that were read. Nothing that was begun to be answered is read twice.
 */
export class PlainConnection implements TurnHost {
  readonly #socket: Socket
  readonly #host: ConnectionHost
  readonly #heads = new HeadReader()
  /** Of the request whose body is not whole. */
  #head: PlainHead | undefined
  #parts: Buffer[] = []
  #partBytes = 0
  #exchange: Exchange | undefined
  /** The request that is being answered. */
  #request: Buffer | undefined
  /** What came behind it. */
  #behind: Buffer | undefined
  #sinceMs: number
  #isUsed = false
  /** The client has not taken its answers: nothing more is begun for it. */
  #isFull = false
  /** The answer that was written closes the connection. */
  #isLast = false
  /** It is Node's. */
  #isGiven = false

  constructor(socket: Socket, host: ConnectionHost) {
    this.#socket = socket
    this.#host = host
    this.#sinceMs = host.nowMs
    socket.push = this.#onPush
    readIntoBlocks(socket)
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
    socket.on('close', this.#onClose)
    socket.on('error', ignore)
  }

  /**
   * What a socket reads it hands over by this method, which is for its subclasses. Caught here, as in {@link IncomingRequest}: buffers and
   * events of a stream cost a small request as much as its decoding. The reading stops where the answer is false.
   */
  readonly #onPush = (chunk: Buffer | null): boolean =>
    chunk === null ? Socket.prototype.push.call(this.#socket, null) : this.#take(chunk)

  /** What was in the stream before. */
  readonly #onData = (chunk: Buffer) => {
    if (!this.#take(chunk)) this.#socket.pause()
  }

  /** As Node has it: who sends no more waits for nothing. */
  readonly #onEnd = () => {
    if (this.#head === undefined) this.#socket.end()
    else this.#socket.end(BAD_REQUEST)
  }

  readonly #onClose = () => {
    this.#host.forget(this)
    this.#end(false)
  }

  get isClosed(): boolean {
    return this.#socket.destroyed
  }

  /** What the client is waited for with; nothing while it is the one that waits. */
  get waiting(): Waiting {
    if (this.#exchange !== undefined) return 'nothing'
    if (this.#head !== undefined) return 'body'
    return this.#isUsed ? 'next' : 'first'
  }

  /** Requests have come that wait until the client has taken the answers before. */
  get hasMore(): boolean {
    return this.#behind !== undefined
  }

  get waitingSinceMs(): number {
    return this.#sinceMs
  }

  /** Ends the connection now, whatever its client has not taken. */
  cut(): void {
    this.#socket.destroy()
  }

  /** Ends it once its client has taken every answer. */
  close(): void {
    this.#socket.destroySoon()
  }

  /** Ends it because no request came. */
  timeOut(): void {
    this.#socket.write(REQUEST_TIMEOUT)
    this.#socket.destroySoon()
  }

  /** Leaves what is left of a body to Node, with its limits on how slow one may be. */
  leaveToNode(): void {
    this.#give(Buffer.concat(this.#parts))
  }

  answer(text: string): void {
    this.#isFull = !this.#socket.write(text, 'latin1')
    this.#end(true)
    if (this.#isFull) {
      this.#socket.once('drain', () => {
        this.#isFull = false
        this.#continue()
      })
    } else if (this.#behind !== undefined) process.nextTick(() => this.#continue())
  }

  respond(turn: PlainTurn): OneWriteResponse {
    return lateResponse(this.#socket, turn, {
      keepAliveTimeoutMs: this.#host.keepAliveTimeoutMs,
      onFinish: (isLast) => {
        this.#isLast = isLast
        this.#end(true)
        if (!isLast) this.#continue()
      },
    })
  }

  readAgain(begun: OneWriteResponse | undefined): void {
    begun?.detachSocket(this.#socket)
    const bytes = [this.#request, this.#behind].filter((part) => part !== undefined)
    this.#end(true)
    this.#give(Buffer.concat(bytes))
  }

  /** False: nothing more, until what was read has been answered. */
  #take(chunk: Buffer): boolean {
    if (this.#isLast) return true
    if (this.#exchange === undefined && !this.#isFull) this.#read(chunk)
    else this.#behind = this.#behind === undefined ? chunk : Buffer.concat([this.#behind, chunk])
    return this.#behind === undefined || this.#isGiven
  }

  /** The stream does not know that it was not told of what came: it would wait for that. */
  #readOn(): void {
    this.#socket.resume()
    this.#socket._read(0)
  }

  #read(chunk: Buffer): void {
    const head = this.#head ?? this.#heads.read(chunk)
    if (head === undefined || head.bodyBytes > BODY_BYTES_MAX) {
      this.#give(chunk)
      return
    }
    const sizeBytes = head.headBytes + head.bodyBytes
    if (this.#partBytes + chunk.length >= sizeBytes) this.#serve(head, this.#join(chunk), sizeBytes)
    else {
      if (this.#head === undefined) this.#sinceMs = this.#host.nowMs
      this.#head = head
      this.#parts.push(chunk)
      this.#partBytes += chunk.length
    }
  }

  #join(chunk: Buffer): Buffer {
    if (this.#head === undefined) return chunk
    const whole = Buffer.concat([...this.#parts, chunk])
    this.#head = undefined
    this.#parts = []
    this.#partBytes = 0
    return whole
  }

  #serve(head: PlainHead, bytes: Buffer, sizeBytes: number): void {
    this.#isUsed = true
    this.#request = bytes
    if (bytes.length > sizeBytes) {
      this.#request = bytes.subarray(0, sizeBytes)
      this.#behind = bytes.subarray(sizeBytes)
    }
    const exchange = this.#host.open(new PlainTurn(this, head, bytes.subarray(head.headBytes, sizeBytes)))
    this.#exchange = exchange
    this.#host.begin(exchange)
  }

  #end(isAnswered: boolean): void {
    const exchange = this.#exchange
    if (exchange === undefined) return
    this.#exchange = undefined
    this.#request = undefined
    this.#sinceMs = this.#host.nowMs
    this.#host.ended(exchange, isAnswered)
  }

  /** With what came while a request was answered. */
  #continue(): void {
    if (this.#socket.destroyed || this.#isLast || this.#isFull || this.#exchange !== undefined) return
    const bytes = this.#behind
    this.#behind = undefined
    if (bytes !== undefined) this.#read(bytes)
    if (!this.#isFull && this.#behind === undefined && !this.#isGiven) this.#readOn()
  }

  #give(bytes: Buffer): void {
    const socket = this.#socket
    this.#host.forget(this)
    this.#isGiven = true
    Reflect.deleteProperty(socket, 'push')
    socket.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose).off('error', ignore)
    // Stopped first: only what stands gets its bytes back in front of those that come.
    socket.pause()
    if (bytes.length > 0) socket.unshift(bytes)
    this.#host.serve(socket)
    this.#readOn()
  }
}

/** The close that follows says all there is to say. */
function ignore(): void {}
