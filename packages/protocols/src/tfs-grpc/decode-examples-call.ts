import type { VersionSelector } from '@understudy/core'
import { WIRE_TYPE, WireReader } from '../grpc/wire-reader.ts'
import type { ExampleList } from '../tfs/examples/example.ts'
import { type ModelSpec, readModelSpec, requireModelSpec } from './model-spec.ts'
import { readInput } from './read-input.ts'
import type { TakeRoom } from './read-tensor-proto.ts'

const REQUEST = { spec: 1, input: 2 } as const

/** One `ClassificationRequest` or `RegressionRequest`: what it is about is read at once, its examples when they are asked for. */
export class ExamplesCall implements ModelSpec {
  readonly model: string
  readonly selector: VersionSelector | undefined
  readonly signatureName: string
  readonly #input: Uint8Array

  /** @throws PlatformError `request.malformed` with TensorFlow Serving's text where it has one */
  constructor(bytes: Uint8Array) {
    const reader = new WireReader(bytes)
    let spec: ModelSpec | undefined
    let input = bytes.subarray(0, 0)
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field === REQUEST.spec) spec = readModelSpec(reader)
      else if (field === REQUEST.input) {
        reader.expect(WIRE_TYPE.delimited)
        input = reader.view()
      } else reader.skip()
    }
    const { model, selector, signatureName } = requireModelSpec(spec)
    this.model = model
    this.selector = selector
    this.signatureName = signatureName
    this.#input = input
  }

  /** @throws PlatformError `request.malformed`, `request.too_large`, and what taking room throws */
  readExamples(takeRoom: TakeRoom): ExampleList {
    return readInput(new WireReader(this.#input), takeRoom)
  }
}
