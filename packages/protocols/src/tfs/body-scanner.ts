import type { NamedTensors, Signature, Tensor, TensorSpec } from '@understudy/core'
import { isScannable, TensorScanner } from './tensor-scanner.ts'

const OBJECT_BEGIN = 0x7b
const OBJECT_END = 0x7d
const LIST_BEGIN = 0x5b
const LIST_END = 0x5d
const COMMA = 0x2c
const COLON = 0x3a
const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Reads the values of one input, which all have the same shape. */
export interface ValueScanner {
  /** Reads one value from `at`; where it ends, or -1. */
  read(at: number): number
  /** The tensor of the one value that was read. */
  finish(): Tensor
  /** The tensor of all values that were read, stacked. */
  finishRows(rows: number): Tensor
}

interface Columns {
  readonly names: readonly string[]
  readonly members: readonly {
    readonly name: string
    readonly scanner: ValueScanner
    /** Values read so far. */
    values: number
  }[]
}

/** True when every usual value of every input can be scanned. */
export function canScan({ inputs }: Signature): boolean {
  if (inputs.length === 0) return false
  for (const spec of inputs) if (!isScannable(spec.dtype)) return false
  return true
}

/**
 * Reads tensors out of the bytes of a JSON document without making one.
 *
 * Takes the usual document only: every `undefined`, `false` and `-1` means that a general reader has to look, and that what was read so
 * far is worth nothing.
 */
export class BodyScanner {
  readonly bytes: Uint8Array
  /** Where it reads next. */
  at: number

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes
    this.at = at
  }

  /** The next byte that is no white space, without passing it; -1 at the end. */
  next(): number {
    let byte = this.bytes[this.at] ?? -1
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
      this.at += 1
      byte = this.bytes[this.at] ?? -1
    }
    return byte
  }

  /** Reads a name and the colon behind it: which of the names, written without escapes, it is; -1 for none of them. */
  key(names: readonly string[]): number {
    if (this.next() !== QUOTE) return -1
    const from = this.at + 1
    for (let index = 0; index < names.length; index += 1) {
      const to = this.#wordEnd(from, names[index] ?? '')
      if (to === -1 || this.bytes[to] !== QUOTE) continue
      this.at = to + 1
      if (this.next() !== COLON) return -1
      this.at += 1
      return index
    }
    return -1
  }

  /** A list of rows: values where there is one input, else objects that name every input. */
  rows(signature: Signature): NamedTensors | undefined {
    if (this.next() !== LIST_BEGIN) return undefined
    const from = this.at
    this.at += 1
    if (this.next() === OBJECT_BEGIN) return this.#namedRows(signature)
    this.at = from
    return this.onlyInput(signature)
  }

  /** An object that names every input once. */
  columns(
    signature: Signature,
    scannerOf: (spec: TensorSpec) => ValueScanner = (spec) => new TensorScanner(spec, this.bytes),
  ): NamedTensors | undefined {
    if (this.next() !== OBJECT_BEGIN) return undefined
    const columns = columnsOf(signature, scannerOf)
    if (!this.#readMembers(columns, 0)) return undefined
    return new Map(columns.members.map(({ name, scanner }) => [name, scanner.finish()]))
  }

  /** One value for the one input of the model: for rows and columns alike its shape is that of the lists. */
  onlyInput({ inputs }: Signature): NamedTensors | undefined {
    const [spec, another] = inputs
    if (spec === undefined || another !== undefined) return undefined
    const scanner = new TensorScanner(spec, this.bytes)
    this.at = scanner.read(this.at)
    return this.at === -1 ? undefined : new Map([[spec.name, scanner.finish()]])
  }

  #namedRows(signature: Signature): NamedTensors | undefined {
    const columns = columnsOf(signature, (spec) => new TensorScanner(spec, this.bytes))
    for (let row = 0; ; ) {
      if (this.next() !== OBJECT_BEGIN || !this.#readMembers(columns, row)) return undefined
      row += 1
      const byte = this.next()
      this.at += 1
      if (byte === LIST_END) {
        return new Map(columns.members.map(({ name, scanner }) => [name, scanner.finishRows(row)]))
      }
      if (byte !== COMMA) return undefined
    }
  }

  /** Reads an object that names every input exactly once. */
  #readMembers({ names, members }: Columns, valuesBefore: number): boolean {
    for (let seen = 1; ; seen += 1) {
      this.at += 1
      const member = members[this.key(names)]
      if (member === undefined || member.values !== valuesBefore) return false
      member.values += 1
      this.at = member.scanner.read(this.at)
      if (this.at === -1) return false
      const byte = this.next()
      if (byte === OBJECT_END) {
        this.at += 1
        return seen === names.length
      }
      if (byte !== COMMA) return false
    }
  }

  #wordEnd(from: number, word: string): number {
    for (let index = 0; index < word.length; index += 1) {
      const code = word.charCodeAt(index)
      if (this.bytes[from + index] !== code || !isPlain(code)) return -1
    }
    return from + word.length
  }
}

/** One byte that stands for itself inside a JSON string. */
function isPlain(code: number): boolean {
  return code >= 0x20 && code <= 0x7e && code !== QUOTE && code !== BACKSLASH
}

function columnsOf({ inputs }: Signature, scannerOf: (spec: TensorSpec) => ValueScanner): Columns {
  return {
    names: inputs.map(({ name }) => name),
    members: inputs.map((spec) => ({ name: spec.name, scanner: scannerOf(spec), values: 0 })),
  }
}
