import { allocateData, type DType, type PlatformError, type TensorData } from '@understudy/core'
import type { ByteCursor } from '../json/byte-cursor.ts'
import { JSON_SYNTAX } from '../json/json-syntax-error.ts'
import type { NumberRules, NumberStore } from '../json/number-rules.ts'
import { NumberScanner } from '../json/number-scanner.ts'
import { MAX_JSON_DEPTH, readValue } from '../json/parse-json.ts'
import { readPlainNumbers } from '../json/plain-numbers.ts'
import type { ListProgress } from '../json/word-numbers.ts'
import { type ElementWriter, elementWriter } from './json-element-writer.ts'
import { isBigType, JSON_NUMBER_RULES } from './json-number-types.ts'
import { JSON_ACCESS, malformed, shownName, unableToParse } from './oip-error-texts.ts'

const LIST_BEGIN = 0x5b
const LIST_END = 0x5d
const COMMA = 0x2c

/** Doubles that are widened to 64-bit integers at a time. */
const SCRATCH_LENGTH = 1_024

export interface DeclaredTensor {
  readonly name: string
  readonly dtype: DType
  /** Product of its shape. */
  readonly elements: number
}

function notOfShape({ name }: DeclaredTensor): PlatformError {
  return unableToParse('data', `Shape does not match true shape of 'data' field (input '${shownName(name)}')`)
}

/**
 * Reads the `data` of one input from JSON straight into its store, whatever way its lists nest: row-major order is all that counts.
 *
 * Three ways to read a number, each for what the one before it leaves: the loop over plain ones, the scanner, the reader that keeps
 * every digit. All are exact, so which one it was cannot be seen.
 */
export class JsonDataReader {
  readonly #cursor: ByteCursor
  readonly #tensor: DeclaredTensor
  readonly #data: TensorData
  readonly #write: ElementWriter
  readonly #rules: NumberRules | undefined
  readonly #numbers: NumberScanner | undefined
  readonly #progress: ListProgress = { at: 0, count: 0, view: undefined }
  readonly #scratch: Float64Array | undefined
  #count = 0

  /** @throws PlatformError `request.malformed` for a type that JSON does not carry, or a shape that the bytes cannot fill */
  constructor(cursor: ByteCursor, tensor: DeclaredTensor) {
    const { dtype, elements, name } = tensor
    if (dtype === 'float16') {
      throw malformed(
        `receiving FP16 data via JSON is not supported. Please use the binary data format for input ${shownName(name)}`,
      )
    }
    // Each element takes a byte and, but for the last, a comma: that bounds what a lying shape can allocate.
    if (elements > (cursor.bytes.length - cursor.at + 1) / 2) throw notOfShape(tensor)
    const rules = JSON_NUMBER_RULES[dtype]
    this.#cursor = cursor
    this.#tensor = tensor
    this.#data = allocateData(dtype, elements)
    this.#write = elementWriter(dtype, this.#data, name)
    this.#rules = rules
    if (isBigType(dtype)) this.#scratch = new Float64Array(Math.min(elements, SCRATCH_LENGTH))
    else if (rules !== undefined) this.#numbers = new NumberScanner(cursor.bytes, cursor.at, rules)
  }

  /** Reads the list that begins at the cursor. @throws PlatformError, JsonSyntaxError */
  read(): TensorData {
    const cursor = this.#cursor
    if (cursor.peek() !== LIST_BEGIN) throw unableToParse('data', JSON_ACCESS.array)
    for (let depth = 0; ; ) {
      cursor.skipWhitespace()
      if (cursor.consume(LIST_BEGIN)) {
        depth += 1
        if (depth > MAX_JSON_DEPTH) cursor.fail(JSON_SYNTAX.tooDeep)
        cursor.skipWhitespace()
        if (cursor.peek() !== LIST_END) continue
      } else {
        this.#plainElements()
        cursor.skipWhitespace()
        if (cursor.peek() === LIST_BEGIN) continue
        this.#element()
      }
      depth = this.#passEnds(depth)
      if (depth === 0) break
    }
    if (this.#count !== this.#tensor.elements) throw notOfShape(this.#tensor)
    return this.#data
  }

  /** Passes what stands between a value and the next one, or the end of it all; how many lists are open then. */
  #passEnds(open: number): number {
    const cursor = this.#cursor
    for (let depth = open; ; ) {
      cursor.skipWhitespace()
      if (cursor.consume(COMMA)) return depth
      if (!cursor.consume(LIST_END)) cursor.fail(JSON_SYNTAX.arrayEndMissing)
      depth -= 1
      if (depth === 0) return 0
    }
  }

  /** Any number of plain numbers with a comma behind each. */
  #plainElements(): void {
    const rules = this.#rules
    if (rules === undefined) return
    if (this.#scratch !== undefined) this.#plainLongs(this.#scratch, rules)
    else this.#plainNumbers(this.#data as NumberStore, rules, this.#count)
  }

  #plainNumbers(store: NumberStore, rules: NumberRules, count: number): void {
    const progress = this.#progress
    progress.at = this.#cursor.at
    progress.count = count
    readPlainNumbers(this.#cursor.bytes, store, rules, progress)
    this.#cursor.at = progress.at
    this.#count += progress.count - count
  }

  /** Doubles hold what is plain exactly; each is widened by its two halves. */
  #plainLongs(scratch: Float64Array, rules: NumberRules): void {
    const words = new Int32Array((this.#data as BigInt64Array).buffer)
    const total = this.#tensor.elements
    for (let from = this.#count; from < total; from = this.#count) {
      const room = Math.min(scratch.length, total - from)
      this.#plainNumbers(room === scratch.length ? scratch : scratch.subarray(0, room), rules, 0)
      for (let at = from; at < this.#count; at += 1) {
        const value = scratch[at - from] ?? 0
        words[at * 2] = value
        words[at * 2 + 1] = Math.floor(value / 2 ** 32)
      }
      if (this.#count - from < room) return
    }
  }

  #element(): void {
    const cursor = this.#cursor
    const numbers = this.#numbers
    if (this.#count >= this.#tensor.elements) throw notOfShape(this.#tensor)
    if (numbers !== undefined) {
      numbers.at = cursor.at
      if (numbers.number()) {
        cursor.at = numbers.at
        ;(this.#data as NumberStore)[this.#count] = numbers.value
        this.#count += 1
        return
      }
    }
    this.#write(readValue(cursor, 1), this.#count)
    this.#count += 1
  }
}
