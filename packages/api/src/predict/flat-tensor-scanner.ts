import { elementCount, type Tensor, type TensorSpec } from '@understudy/core'
import { BodyScanner, TensorScanner, type ValueScanner } from '@understudy/protocols'

const OBJECT_BEGIN = 0x7b
const OBJECT_END = 0x7d
const COMMA = 0x2c
const QUOTE = 0x22

const NAMES = ['dtype', 'shape', 'data'] as const
const SHAPE_SPEC: TensorSpec = { name: 'shape', dtype: 'int64', shape: ['N'] }
const RANK_MAX = 16

/** Reads nested lists of numbers, or `{dtype?, shape, data}` with the numbers in one list. */
export class FlatTensorScanner implements ValueScanner {
  readonly #spec: TensorSpec
  readonly #body: BodyScanner
  readonly #nested: TensorScanner
  #flat: Tensor | undefined

  constructor(spec: TensorSpec, bytes: Uint8Array) {
    this.#spec = spec
    this.#body = new BodyScanner(bytes)
    this.#nested = new TensorScanner(spec, bytes)
  }

  read(at: number): number {
    const body = this.#body
    body.at = at
    if (body.next() !== OBJECT_BEGIN) return this.#nested.read(at)
    this.#flat = this.#members()
    return this.#flat === undefined ? -1 : body.at
  }

  finish(): Tensor {
    return this.#flat ?? this.#nested.finish()
  }

  finishRows(): Tensor {
    throw new TypeError('flat tensors are not rows')
  }

  #members(): Tensor | undefined {
    const body = this.#body
    let shape: readonly number[] | undefined
    let data: Tensor | undefined
    let hasType = false
    for (;;) {
      body.at += 1
      const name = NAMES[body.key(NAMES)]
      if (name === 'dtype' && !hasType) {
        hasType = this.#isOwnType()
        if (!hasType) return undefined
      } else if (name === 'shape' && shape === undefined) shape = this.#shape()
      else if (name === 'data' && data === undefined) data = this.#list(this.#nested)
      else return undefined
      const byte = body.next()
      if (byte === OBJECT_END) break
      if (byte !== COMMA) return undefined
    }
    body.at += 1
    if (shape === undefined || data === undefined || elementCount(shape) !== data.data.length)
      return undefined
    return { dtype: data.dtype, shape, data: data.data }
  }

  #isOwnType(): boolean {
    const body = this.#body
    if (body.next() !== QUOTE) return false
    const { dtype } = this.#spec
    for (let index = 0; index < dtype.length; index += 1) {
      if (body.bytes[body.at + 1 + index] !== dtype.charCodeAt(index)) return false
    }
    body.at += dtype.length + 2
    return body.bytes[body.at - 1] === QUOTE
  }

  #shape(): readonly number[] | undefined {
    const list = this.#list(new TensorScanner(SHAPE_SPEC, this.#body.bytes))
    if (list === undefined || list.data.length > RANK_MAX) return undefined
    const shape = Array.from(list.data, Number)
    return shape.every((size) => size >= 0) ? shape : undefined
  }

  #list(scanner: TensorScanner): Tensor | undefined {
    const end = scanner.read(this.#body.at)
    this.#body.at = end
    if (end === -1) return undefined
    const list = scanner.finish()
    return list.shape.length === 1 ? list : undefined
  }
}
