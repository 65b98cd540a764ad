import { sealBytes } from '@understudy/core'
import type { ExampleRow } from '@understudy/db/node'
import type { PairExample } from '@understudy/rollout'

/** What the inputs of an example are sealed for. */
export function exampleSubject(seriesId: string, requestId: string): string {
  return `example/${seriesId}/${requestId}`
}

/**
 * Turns examples into rows whose inputs are encrypted, each once: an example is flushed again and again while it is kept.
 *
 * Without a key no input leaves the process.
 */
export class SealedInputs {
  readonly #seriesId: string
  readonly #key: string | undefined
  #sealed = new Map<string, Uint8Array>()

  constructor(seriesId: string, key: string | undefined) {
    this.#seriesId = seriesId
    this.#key = key
  }

  rows(examples: readonly PairExample[]): readonly ExampleRow[] {
    const sealed = new Map<string, Uint8Array>()
    const rows = examples.map(({ inputs, ...body }): ExampleRow => {
      const { kind, requestId } = body
      const own = inputs === undefined ? undefined : (sealed.get(requestId) ?? this.#seal(requestId, inputs))
      if (own !== undefined) sealed.set(requestId, own)
      return { kind, requestId, body, inputs: own }
    })
    this.#sealed = sealed
    return rows
  }

  #seal(requestId: string, inputs: string): Uint8Array | undefined {
    if (this.#key === undefined) return undefined
    const subject = exampleSubject(this.#seriesId, requestId)
    return this.#sealed.get(requestId) ?? sealBytes(this.#key, Buffer.from(inputs), subject)
  }
}
