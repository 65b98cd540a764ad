/** What is kept of one answer. */
export interface Answer {
  readonly status: number
  /** Version that answered, from its header; 0 where there is none. */
  readonly version: number
}

const HEAD_END = Buffer.from('\r\n\r\n')
const STATUS_OFFSET = 9
const VERSION = /\r\nunderstudy-version: (\d+)/i
const LENGTH = /\r\ncontent-length: (\d+)/i
const CHUNKED = /\r\ntransfer-encoding: chunked/i
const LAST_CHUNK = Buffer.from('\r\n0\r\n\r\n')

/**
 * Finds the ends of the answers on one connection, on which one request is open at a time: those with a content length, and
 * those in chunks, whose last chunk must end what the server sent by then.
 *
 * Cheap, so that the client takes little of a machine that it shares with what it measures: bodies are counted, not kept.
 */
export class ResponseReader {
  #head: Buffer | undefined
  #remaining = 0
  #answer: Answer | undefined
  #usual: { readonly lengthBytes: number; readonly answer: Answer } | undefined
  readonly #trustLengths: boolean

  /** @param trustLengths a chunk as long as the answer before, and with its first digit of a status, is taken for one like it */
  constructor(trustLengths: boolean) {
    this.#trustLengths = trustLengths
  }

  /** The answer that this chunk completes, if it does. */
  push(chunk: Buffer): Answer | undefined {
    if (this.#answer !== undefined) return this.#count(chunk.length)
    const usual = this.#usual
    if (usual?.lengthBytes === chunk.length && this.#head === undefined && isSuccess(chunk))
      return usual.answer
    const head = this.#head === undefined ? chunk : Buffer.concat([this.#head, chunk])
    const end = head.indexOf(HEAD_END)
    if (end < 0) {
      this.#head = head
      return undefined
    }
    const text = head.toString('latin1', 0, end)
    const isChunked = CHUNKED.test(text)
    if (isChunked && !head.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK)) {
      this.#head = head
      return undefined
    }
    this.#head = undefined
    const ofBody = Number(LENGTH.exec(text)?.[1] ?? 0)
    const lengthBytes = isChunked ? head.length : end + HEAD_END.length + ofBody
    const answer = {
      status: Number(text.slice(STATUS_OFFSET, STATUS_OFFSET + 3)),
      version: Number(VERSION.exec(text)?.[1] ?? 0),
    }
    if (this.#trustLengths && head === chunk && isSuccess(head)) this.#usual = { lengthBytes, answer }
    this.#answer = answer
    this.#remaining = lengthBytes
    return this.#count(head.length)
  }

  #count(bytes: number): Answer | undefined {
    this.#remaining -= bytes
    if (this.#remaining > 0) return undefined
    const answer = this.#answer
    this.#answer = undefined
    return answer
  }
}

function isSuccess(chunk: Buffer): boolean {
  return chunk[STATUS_OFFSET] === 0x32
}
