import type { WireReader } from '../grpc/wire-reader.ts'
import type { JsonObject, JsonValue } from '../json/json-value.ts'
import { readBinarySize, readOutputParameters, readRequestParameters } from '../oip/read-parameters.ts'

const KEY = 1
const VALUE = 2
const CHOICE = { bool: 1, int64: 2, string: 3, double: 4, uint64: 5 } as const

/**
 * A map of parameters as its entries are read. The rules for them are those of the protocol's JSON.
 *
 * Integers beyond 2^53 are near enough for what parameters are used for.
 */
export class CallParameters {
  readonly #values = new Map<string, JsonValue>()

  readEntry(reader: WireReader): void {
    let key = ''
    let value: JsonValue = null
    const outer = reader.enter()
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field === KEY) key = reader.text()
      else if (field === VALUE) value = readChoice(reader, value)
      else reader.skip()
    }
    reader.leave(outer)
    this.#values.set(key, value)
  }

  /** @throws PlatformError `request.malformed` */
  ofRequest(): { readonly timeoutMs: number | undefined; readonly isRaw: boolean } {
    const { timeoutMs, isBinary } = readRequestParameters(this.#object())
    return { timeoutMs, isRaw: isBinary || !this.#values.has('binary_data_output') }
  }

  /** Refuses shared memory. @throws PlatformError `request.unsupported` */
  checkInput(): void {
    readBinarySize(this.#object())
  }

  /** @throws PlatformError `request.malformed`, `request.unsupported` */
  ofOutput(): { readonly isBinary: boolean | undefined; readonly classCount: number } {
    return readOutputParameters(this.#object())
  }

  #object(): JsonObject {
    return Object.fromEntries(this.#values)
  }
}

function readChoice(reader: WireReader, before: JsonValue): JsonValue {
  let value = before
  const outer = reader.enter()
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === CHOICE.bool) value = reader.bool()
    else if (field === CHOICE.int64) value = reader.int64()
    else if (field === CHOICE.string) value = reader.text()
    else if (field === CHOICE.double) value = reader.float64()
    else if (field === CHOICE.uint64) value = reader.uint64()
    else reader.skip()
  }
  reader.leave(outer)
  return value
}
