import type { BodyPart } from './body-parts.ts'

/** One call of a stream that has its answer. */
export interface AnsweredCall {
  /** Place in the batch. */
  readonly index: number
  /** Its result as tRPC writes it; undefined when it failed. */
  readonly data: readonly BodyPart[] | undefined
  readonly errorText: string
}

/**
 * Writes answers as tRPC's streaming link reads them: a line that promises a value for each call, then for each answer the lines that
 * keep the promise. A result is promised in two further steps, each under the next free number.
 *
 * @see `jsonlStreamProducer` of `@trpc/server`
 */
export class TrpcAnswerLines {
  readonly #calls: number
  #nextChunk: number
  #hasBegun = false

  constructor(calls: number) {
    this.#calls = calls
    this.#nextChunk = calls
  }

  of(answered: readonly AnsweredCall[]): readonly BodyPart[] {
    const parts: BodyPart[] = this.#hasBegun ? [] : [this.#promises()]
    this.#hasBegun = true
    for (const { index, data, errorText } of answered) {
      if (data === undefined) parts.push(`[${index},0,[[{"error":${errorText}}]]]\n`)
      else {
        const result = this.#nextChunk
        this.#nextChunk += 2
        const value = result + 1
        parts.push(`[${index},0,[[{"result":0}],["result",0,${result}]]]\n`)
        parts.push(`[${result},0,[[{"data":0}],["data",0,${value}]]]\n[${value},0,[[`, ...data, ']]]\n')
      }
    }
    return parts
  }

  #promises(): string {
    let text = ''
    for (let index = 0; index < this.#calls; index += 1) {
      text += `${index > 0 ? ',' : ''}"${index}":[[0],[null,0,${index}]]`
    }
    return `{${text}}\n`
  }
}
