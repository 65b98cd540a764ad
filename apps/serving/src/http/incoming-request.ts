import { IncomingMessage } from 'node:http'

/** Takes a body as the parser finds it. Must not throw. */
export interface BodySink {
  chunk(bytes: Buffer): void
  /** The body is whole. Not called when the client goes away before. */
  end(): void
}

/**
 * A request whose body may bypass the stream that Node makes of it: `data` and `end` events cost a small request as much as its decoding.
 *
 * The parser hands over the body by `push`, a method for subclasses of `Readable` to call; here it is caught. Whoever asks for no body
 * gets the stream as ever.
 */
export class IncomingRequest extends IncomingMessage {
  #sink: BodySink | undefined

  /** From now on the body goes to the sink, and to nobody else. Called before the first byte of it was pushed. */
  takeBody(sink: BodySink): void {
    this.#sink = sink
    // Marks the body as wanted: else Node reads and drops what is left of it when the answer is out.
    this._read(0)
  }

  override push(chunk: Buffer | null): boolean {
    if (this.#sink === undefined) return super.push(chunk)
    if (chunk === null) this.#sink.end()
    else this.#sink.chunk(chunk)
    return true
  }
}
