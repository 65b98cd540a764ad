import { PlatformError } from '@understudy/core'
import { WIRE_TYPE, type WireReader } from '../grpc/wire-reader.ts'
import type { Example, ExampleList, Feature } from '../tfs/examples/example.ts'
import { type ExampleBounds, readFeature } from './read-feature.ts'
import type { TakeRoom } from './read-tensor-proto.ts'

const INPUT = { list: 1, listWithContext: 2 } as const
const LIST = { examples: 1, context: 2 } as const
const EXAMPLE_FEATURES = 1
const FEATURES_FEATURE = 1
const ENTRY = { key: 1, value: 2 } as const

/** Examples, features and values of bytes in one message: a few bytes there, hundreds as an object. */
const OBJECTS_MAX = 1_000_000
const NO_FEATURES: Example = new Map()

class InputReader {
  readonly #reader: WireReader
  readonly #bounds: ExampleBounds
  #examples: Example[] = []
  #context: Example | undefined
  #objects = 0

  constructor(reader: WireReader, takeRoom: TakeRoom) {
    this.#reader = reader
    this.#bounds = { takeRoom, takeObjects: (count) => this.#takeObjects(count) }
  }

  read(): ExampleList {
    const reader = this.#reader
    let kind = 0
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field > INPUT.listWithContext) {
        reader.skip()
        continue
      }
      // Of two kinds the last counts.
      if (kind !== field) {
        this.#examples = []
        this.#context = undefined
      }
      kind = field
      this.#list(field === INPUT.listWithContext)
    }
    return { examples: this.#examples, context: this.#context }
  }

  #list(hasContext: boolean): void {
    const reader = this.#reader
    reader.expect(WIRE_TYPE.delimited)
    const outer = reader.enter()
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field === LIST.examples) {
        this.#takeObjects(1)
        this.#examples.push(this.#example())
      } else if (field === LIST.context && hasContext) this.#context = this.#example()
      else reader.skip()
    }
    reader.leave(outer)
  }

  #example(): Example {
    const reader = this.#reader
    let features: Map<string, Feature> | undefined
    reader.expect(WIRE_TYPE.delimited)
    const outer = reader.enter()
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field !== EXAMPLE_FEATURES) reader.skip()
      else {
        features ??= new Map()
        this.#features(features)
      }
    }
    reader.leave(outer)
    return features ?? NO_FEATURES
  }

  #features(into: Map<string, Feature>): void {
    const reader = this.#reader
    reader.expect(WIRE_TYPE.delimited)
    const outer = reader.enter()
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field === FEATURES_FEATURE) this.#entry(into)
      else reader.skip()
    }
    reader.leave(outer)
  }

  #entry(into: Map<string, Feature>): void {
    const reader = this.#reader
    let name = ''
    let feature: Feature | undefined
    reader.expect(WIRE_TYPE.delimited)
    this.#takeObjects(1)
    const outer = reader.enter()
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field === ENTRY.key) {
        reader.expect(WIRE_TYPE.delimited)
        name = reader.text()
      } else if (field === ENTRY.value) feature = readFeature(reader, this.#bounds)
      else reader.skip()
    }
    reader.leave(outer)
    if (feature === undefined) into.delete(name)
    else into.set(name, feature)
  }

  #takeObjects(count: number): void {
    this.#objects += count
    if (this.#objects <= OBJECTS_MAX) return
    throw new PlatformError(
      'request.too_large',
      `The input has more than ${OBJECTS_MAX} examples, features and values of bytes.`,
    )
  }
}

/**
 * Reads the `Input` that the reader stands in: examples, with or without a context.
 *
 * Values may be views of the message. Memory is bounded by the number of bytes and by what takes room.
 * @throws PlatformError `request.malformed`, `request.too_large`, and what taking room throws
 */
export function readInput(reader: WireReader, takeRoom: TakeRoom): ExampleList {
  return new InputReader(reader, takeRoom).read()
}
