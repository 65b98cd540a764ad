import { type DType, elementCount, type Tensor, type TensorSpec } from '@understudy/core'
import { describeJson } from '../json/describe-json.ts'
import type { JsonValue } from '../json/json-value.ts'
import { malformed, namingInput } from './element-errors.ts'
import type { ElementWriter, WriterFactory } from './element-writer.ts'

/** No tensor has more axes; bounds the recursion over values that another parser has read. */
export const MAX_RANK = 64

/** The shape that the first element of each list promises. */
export function denseShape(value: JsonValue): number[] {
  const shape: number[] = []
  let current: JsonValue | undefined = value
  while (Array.isArray(current)) {
    shape.push(current.length)
    if (shape.length > MAX_RANK) throw malformed(`Lists are nested deeper than ${MAX_RANK} levels`)
    current = current[0]
  }
  return shape
}

/** Fills one store, element after element, while checking that every list has the promised size. */
export class TensorFiller {
  readonly dtype: DType
  readonly #writer: ElementWriter
  #at = 0

  constructor(dtype: DType, elements: number, writerFor: WriterFactory) {
    this.dtype = dtype
    this.#writer = writerFor(dtype, elements)
  }

  get count(): number {
    return this.#at
  }

  /** Appends all elements of a value. @throws PlatformError when it does not have the shape or type */
  append(value: JsonValue, shape: readonly number[], level = 0): void {
    if (!Array.isArray(value)) {
      this.#appendLeaf(value, level, shape.length)
      return
    }
    if (level >= shape.length) {
      throw malformed(`Encountered list at unexpected level: ${level} expected < ${shape.length}`)
    }
    if (value.length !== shape[level]) {
      throw malformed(
        `Encountered list at unexpected size: ${value.length} at level: ${level} expected size: ${shape[level]}`,
      )
    }
    for (let index = 0; index < value.length; index += 1) {
      const item: JsonValue = value[index] ?? null
      if (Array.isArray(item)) this.append(item, shape, level + 1)
      else this.#appendLeaf(item, level + 1, shape.length)
    }
  }

  #appendLeaf(value: JsonValue, level: number, rank: number): void {
    if (level !== rank) {
      throw malformed(
        `JSON Value: ${describeJson(value)} found at incorrect level: ${level + 1} in the JSON DOM. Expected at level: ${rank}`,
      )
    }
    this.#writer.write(value, this.#at)
    this.#at += 1
  }

  finish(shape: readonly number[]): Tensor {
    return { dtype: this.dtype, shape, data: this.#writer.data }
  }
}

/**
 * A tensor from one value of any nesting: the value's own shape, the type of the specification.
 *
 * @throws PlatformError with the name and specification of the input at its end
 */
export function tensorFromJson(value: JsonValue, spec: TensorSpec, writerFor: WriterFactory): Tensor {
  try {
    const shape = denseShape(value)
    const filler = new TensorFiller(spec.dtype, elementCount(shape), writerFor)
    filler.append(value, shape)
    return filler.finish(shape)
  } catch (error) {
    throw namingInput(error, spec)
  }
}
