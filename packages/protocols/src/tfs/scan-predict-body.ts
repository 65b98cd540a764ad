import type { NamedTensors, Signature } from '@understudy/core'
import type { PredictBody } from './predict-body.ts'
import { isScannable, TensorScanner } from './tensor-scanner.ts'

const OBJECT_BEGIN = 0x7b
const OBJECT_END = 0x7d
const LIST_BEGIN = 0x5b
const LIST_END = 0x5d
const COMMA = 0x2c
const COLON = 0x3a
const QUOTE = 0x22
const BACKSLASH = 0x5c

const FORMS = ['instances', 'inputs'] as const

/** Reads the usual bodies; every `undefined`, `false` and `-1` means that the general reader has to look. */
class BodyScanner {
  readonly #bytes: Uint8Array
  readonly #signature: Signature
  #at = 0

  constructor(bytes: Uint8Array, signature: Signature) {
    this.#bytes = bytes
    this.#signature = signature
  }

  document(): PredictBody | undefined {
    if (this.#next() !== OBJECT_BEGIN) return undefined
    this.#at += 1
    const form = FORMS[this.#key(FORMS)]
    if (form === undefined) return undefined
    const inputs = form === 'instances' ? this.#rows() : this.#columns()
    if (inputs === undefined || this.#next() !== OBJECT_END) return undefined
    this.#at += 1
    if (this.#next() !== -1) return undefined
    return { form: form === 'instances' ? 'row' : 'columnar', inputs }
  }

  #rows(): NamedTensors | undefined {
    if (this.#next() !== LIST_BEGIN) return undefined
    const from = this.#at
    this.#at += 1
    if (this.#next() === OBJECT_BEGIN) return this.#namedRows()
    this.#at = from
    return this.#onlyInput()
  }

  #columns(): NamedTensors | undefined {
    if (this.#next() !== OBJECT_BEGIN) return this.#onlyInput()
    const columns = this.#members()
    if (!this.#readMembers(columns, 0)) return undefined
    return new Map(columns.members.map(({ name, scanner }) => [name, scanner.finish()]))
  }

  /** One value for the one input of the model: for rows and columns alike its shape is that of the lists. */
  #onlyInput(): NamedTensors | undefined {
    const [spec, another] = this.#signature.inputs
    if (spec === undefined || another !== undefined) return undefined
    const scanner = new TensorScanner(spec, this.#bytes)
    this.#at = scanner.read(this.#at)
    return this.#at === -1 ? undefined : new Map([[spec.name, scanner.finish()]])
  }

  #namedRows(): NamedTensors | undefined {
    const columns = this.#members()
    for (let row = 0; ; ) {
      if (this.#next() !== OBJECT_BEGIN || !this.#readMembers(columns, row)) return undefined
      row += 1
      const byte = this.#next()
      this.#at += 1
      if (byte === LIST_END) {
        return new Map(columns.members.map(({ name, scanner }) => [name, scanner.finishRows(row)]))
      }
      if (byte !== COMMA) return undefined
    }
  }

  #members(): Columns {
    const { inputs } = this.#signature
    const members = inputs.map((spec) => ({
      ...{ name: spec.name, scanner: new TensorScanner(spec, this.#bytes), values: 0 },
    }))
    return { names: inputs.map(({ name }) => name), members }
  }

  /** Reads an object that names every input exactly once. */
  #readMembers({ names, members }: Columns, valuesBefore: number): boolean {
    for (let seen = 1; ; seen += 1) {
      this.#at += 1
      const member = members[this.#key(names)]
      if (member === undefined || member.values !== valuesBefore) return false
      member.values += 1
      this.#at = member.scanner.read(this.#at)
      if (this.#at === -1) return false
      const byte = this.#next()
      if (byte === OBJECT_END) {
        this.#at += 1
        return seen === names.length
      }
      if (byte !== COMMA) return false
    }
  }

  /** Reads a name and the colon behind it: which of the names, written without escapes, it is; -1 for none of them. */
  #key(names: readonly string[]): number {
    if (this.#next() !== QUOTE) return -1
    const from = this.#at + 1
    for (let index = 0; index < names.length; index += 1) {
      const to = this.#wordEnd(from, names[index] ?? '')
      if (to === -1 || this.#bytes[to] !== QUOTE) continue
      this.#at = to + 1
      if (this.#next() !== COLON) return -1
      this.#at += 1
      return index
    }
    return -1
  }

  #wordEnd(from: number, word: string): number {
    for (let index = 0; index < word.length; index += 1) {
      const code = word.charCodeAt(index)
      if (this.#bytes[from + index] !== code || !isPlain(code)) return -1
    }
    return from + word.length
  }

  #next(): number {
    let byte = this.#bytes[this.#at] ?? -1
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
      this.#at += 1
      byte = this.#bytes[this.#at] ?? -1
    }
    return byte
  }
}

/** One byte that stands for itself inside a JSON string. */
function isPlain(code: number): boolean {
  return code >= 0x20 && code <= 0x7e && code !== QUOTE && code !== BACKSLASH
}

interface Columns {
  readonly names: readonly string[]
  readonly members: readonly {
    readonly name: string
    readonly scanner: TensorScanner
    /** Values read so far. */
    values: number
  }[]
}

/**
 * Reads the usual body of `:predict`, numbers in dense lists, without making a document of it: undefined for any other, right or
 * wrong, which the general reader then reads or refuses.
 */
export function scanPredictBody(bytes: Uint8Array, signature: Signature): PredictBody | undefined {
  if (signature.inputs.length === 0) return undefined
  for (const spec of signature.inputs) if (!isScannable(spec.dtype)) return undefined
  return new BodyScanner(bytes, signature).document()
}
