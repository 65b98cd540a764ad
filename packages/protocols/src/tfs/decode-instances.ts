import {
  elementCount,
  isPlatformError,
  type NamedTensors,
  PlatformError,
  type TensorSpec,
} from '@understudy/core'
import { describeJson } from '../json/describe-json.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../json/json-value.ts'
import { isBase64Value } from './base64-value.ts'
import { malformed, namingInput } from './element-errors.ts'
import type { WriterFactory } from './element-writer.ts'
import { denseShape, TensorFiller } from './fill-tensor.ts'

function isNamedRow(value: JsonValue): value is JsonObject {
  return isJsonObject(value) && !isBase64Value(value)
}

/** Collects one input over all rows; the first row fixes the shape of the others. */
class RowStack {
  readonly #rows: number
  readonly #writerFor: WriterFactory
  readonly #spec: TensorSpec
  #shape: readonly number[] = []
  #filler: TensorFiller | undefined

  constructor(spec: TensorSpec, rows: number, writerFor: WriterFactory) {
    this.#spec = spec
    this.#rows = rows
    this.#writerFor = writerFor
  }

  add(value: JsonValue): void {
    try {
      this.#append(value)
    } catch (error) {
      throw namingInput(error, this.#spec)
    }
  }

  #append(value: JsonValue): void {
    const shape = denseShape(value)
    if (this.#filler === undefined) {
      this.#shape = shape
      this.#filler = new TensorFiller(this.#spec.dtype, this.#rows * elementCount(shape), this.#writerFor)
    } else if (
      shape.length !== this.#shape.length ||
      shape.some((size, axis) => size !== this.#shape[axis])
    ) {
      this.#refuse(value, shape)
    }
    this.#filler.append(value, shape)
  }

  #refuse(value: JsonValue, shape: readonly number[]): never {
    const expected = elementCount(this.#shape)
    const got = new TensorFiller(this.#spec.dtype, elementCount(shape), this.#writerFor)
    got.append(value, shape)
    if (got.count !== expected) throw malformed(`Expecting tensor size: ${expected} but got: ${got.count}`)
    throw malformed(`Expecting shape [${this.#shape.join(',')}] but got: [${shape.join(',')}]`)
  }

  finish() {
    const filler = this.#filler ?? new TensorFiller(this.#spec.dtype, 0, this.#writerFor)
    return filler.finish([this.#rows, ...this.#shape])
  }
}

/** Says which element failed; a type that JSON cannot carry stays what it is. */
function failedElement(error: unknown, row: number, key?: string): unknown {
  if (!isPlatformError(error) || error.code !== 'request.malformed') return error
  const where = key === undefined ? `${row}` : `${row} key: ${key}`
  return new PlatformError(
    'request.malformed',
    `Failed to process element: ${where} of 'instances' list. Error: ${error.category}: ${error.message}`,
    { cause: error },
  )
}

function addNamedRow(row: JsonObject, index: number, stacks: ReadonlyMap<string, RowStack>): void {
  const keys = Object.keys(row)
  for (const key of keys) {
    try {
      const stack = stacks.get(key)
      if (stack === undefined) throw malformed(`JSON object: does not have named input: ${key}`)
      stack.add(row[key] ?? null)
    } catch (error) {
      throw failedElement(error, index, key)
    }
  }
  if (keys.length !== stacks.size) {
    const expected = [...stacks.keys()].sort().join(',')
    throw malformed(
      `Failed to process element: ${index} of 'instances' list. JSON object: ${describeJson(row)} keys must be equal to: ${expected}`,
    )
  }
}

function addPlainRow(row: JsonValue, index: number, stack: RowStack): void {
  try {
    stack.add(row)
  } catch (error) {
    throw failedElement(error, index)
  }
}

/** Row form: every row gives one element along the batch axis of every input. */
export function decodeInstances(
  rows: readonly JsonValue[],
  inputs: readonly TensorSpec[],
  writerFor: WriterFactory,
): NamedTensors {
  const [first = null] = rows
  if (!isJsonObject(first) && inputs.length > 1) {
    throw malformed(
      'instances is a plain list, but expecting list of objects as multiple input tensors required as per tensorinfo_map',
    )
  }
  const named = isNamedRow(first)
  const stacks = new Map(inputs.map((spec) => [spec.name, new RowStack(spec, rows.length, writerFor)]))
  const [single] = stacks.values()
  for (let index = 0; index < rows.length; index += 1) {
    const row = rows[index] ?? null
    if (named) {
      if (!isNamedRow(row)) throw malformed(`Expecting object but got list at item ${index} of input list`)
      addNamedRow(row, index, stacks)
    } else {
      if (isNamedRow(row))
        throw malformed(`Expecting value/list but got object at item ${index} of input list`)
      if (single !== undefined) addPlainRow(row, index, single)
    }
  }
  return new Map([...stacks].map(([name, stack]) => [name, stack.finish()]))
}
