import { allocateData, type DType, elementCount, type Tensor, type TensorSpec } from '@understudy/core'
import type { NumberRules, NumberStore } from '../json/number-rules.ts'
import { NumberScanner } from '../json/number-scanner.ts'
import { ownStore, sharedStore } from '../json/number-store.ts'
import { readPlainNumbers } from '../json/plain-numbers.ts'
import type { ListProgress } from '../json/word-numbers.ts'

const LIST_BEGIN = 0x5b
const LIST_END = 0x5d
const COMMA = 0x2c

/** Deeper lists are left to the general reader. */
const SCANNED_RANK_MAX = 16

/** Larger bodies may be read in another thread, which hands over the memory of their tensors. */
const SHARED_TO_BYTES = 64 * 1024

/** A size or rank that is not known yet. */
const UNKNOWN = -1

/** What may be scanned: beyond these limits a number is refused or needs more than a double, and the general reader says which. */
const RULES: Partial<Record<DType, NumberRules>> = {
  float32: { min: -(2 ** 24 - 1), max: 2 ** 24 - 1, integersOnly: false, toFloat32: true },
  float64: {
    min: Number.MIN_SAFE_INTEGER,
    max: Number.MAX_SAFE_INTEGER,
    integersOnly: false,
    toFloat32: false,
  },
  int8: integers(-(2 ** 7), 2 ** 7 - 1),
  int16: integers(-(2 ** 15), 2 ** 15 - 1),
  int32: integers(-(2 ** 31), 2 ** 31 - 1),
  int64: integers(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  uint8: integers(0, 2 ** 8 - 1),
  uint16: integers(0, 2 ** 16 - 1),
  uint32: integers(0, 2 ** 32 - 1),
  uint64: integers(0, Number.MAX_SAFE_INTEGER),
}

function integers(min: number, max: number): NumberRules {
  return { min, max, integersOnly: true, toFloat32: false }
}

/** True for types whose every usual value can be scanned. */
export function isScannable(dtype: DType): boolean {
  return RULES[dtype] !== undefined
}

/** Long integers are collected as doubles, which hold them exactly within the rules, and widened once. */
function storeType(dtype: DType): DType {
  return dtype === 'int64' || dtype === 'uint64' ? 'float64' : dtype
}

/** Elements of one row as far as the signature tells. */
function likelyElements({ shape }: TensorSpec): number {
  let count = 1
  for (const size of shape) if (typeof size === 'number') count *= size
  return Math.max(count, 1)
}

/**
 * Reads nested lists of numbers from bytes straight into the store of one tensor.
 *
 * Takes dense lists only. Everything else (other values, ragged or empty lists, numbers beyond the rules) is `false`, and what was
 * read so far is worth nothing.
 */
export class TensorScanner {
  readonly #spec: TensorSpec
  readonly #maxElements: number
  readonly #mayShare: boolean
  readonly #rules: NumberRules
  readonly #numbers: NumberScanner
  readonly #progress: ListProgress = { at: 0, count: 0, view: undefined }
  /** Sizes of one value; the outermost first. */
  readonly #sizes: number[] = []
  #rank = UNKNOWN
  #store: NumberStore
  #count = 0

  constructor(spec: TensorSpec, bytes: Uint8Array) {
    const rules = RULES[spec.dtype]
    if (rules === undefined) throw new TypeError(`${spec.dtype} is not scanned`)
    this.#spec = spec
    this.#rules = rules
    // Two bytes are the least that one more element takes.
    this.#maxElements = Math.ceil(bytes.length / 2)
    this.#numbers = new NumberScanner(bytes, 0, rules)
    this.#mayShare = bytes.length <= SHARED_TO_BYTES
    this.#store = this.#allocate(Math.min(likelyElements(spec), this.#maxElements))
  }

  /** Reads one value from `at`, of the shape of the values before it; where it ends, or -1. */
  read(at: number): number {
    const numbers = this.#numbers
    numbers.at = at
    if (numbers.next() === LIST_BEGIN) return this.#list(0) ? numbers.at : -1
    if (this.#rank > 0 || !numbers.number()) return -1
    this.#rank = 0
    this.#append(numbers.value)
    return numbers.at
  }

  /** The tensor of the one value that was read. */
  finish(): Tensor {
    return this.#tensor(this.#sizes)
  }

  /** The tensor of all values that were read, stacked. */
  finishRows(rows: number): Tensor {
    return this.#tensor([rows, ...this.#sizes])
  }

  #list(level: number): boolean {
    const numbers = this.#numbers
    if (level === SCANNED_RANK_MAX) return false
    numbers.at += 1
    if (numbers.next() !== LIST_BEGIN) return this.#leaves(level)
    let size = 0
    for (;;) {
      if (numbers.next() !== LIST_BEGIN || !this.#list(level + 1)) return false
      size += 1
      const byte = numbers.next()
      numbers.at += 1
      if (byte === LIST_END) return this.#hasSize(level, size)
      if (byte !== COMMA) return false
    }
  }

  #leaves(level: number): boolean {
    if (this.#rank === UNKNOWN) this.#rank = level + 1
    else if (this.#rank !== level + 1) return false
    const numbers = this.#numbers
    const before = this.#count
    for (;;) {
      this.#readPlain()
      numbers.next()
      if (!numbers.number()) return false
      this.#append(numbers.value)
      const byte = numbers.next()
      numbers.at += 1
      if (byte === LIST_END) return this.#hasSize(level, this.#count - before)
      if (byte !== COMMA) return false
    }
  }

  #readPlain(): void {
    const progress = this.#progress
    progress.at = this.#numbers.at
    progress.count = this.#count
    readPlainNumbers(this.#numbers.bytes, this.#store, this.#rules, progress)
    this.#numbers.at = progress.at
    this.#count = progress.count
  }

  #hasSize(level: number, size: number): boolean {
    const known = this.#sizes[level]
    if (known !== undefined && known !== UNKNOWN) return known === size
    // The innermost list ends first.
    while (this.#sizes.length < level) this.#sizes.push(UNKNOWN)
    this.#sizes[level] = size
    return true
  }

  #append(value: number): void {
    if (this.#count === this.#store.length) this.#grow()
    this.#store[this.#count] = value
    this.#count += 1
  }

  #grow(): void {
    const larger = this.#allocate(Math.min(this.#store.length * 2, this.#maxElements))
    larger.set(this.#store)
    this.#store = larger
  }

  #allocate(length: number): NumberStore {
    const type = storeType(this.#spec.dtype)
    return this.#mayShare ? sharedStore(type, length) : ownStore(type, length)
  }

  #tensor(shape: readonly number[]): Tensor {
    const { dtype } = this.#spec
    const store = this.#store
    const data = store.length === this.#count ? store : store.slice(0, this.#count)
    if (elementCount(shape) !== this.#count) throw new TypeError('a scanned tensor has lost its shape')
    if (storeType(dtype) === dtype) return { dtype, shape, data }
    const long = allocateData(dtype, this.#count) as BigInt64Array
    for (let at = 0; at < this.#count; at += 1) long[at] = BigInt(data[at] ?? 0)
    return { dtype, shape, data: long }
  }
}
