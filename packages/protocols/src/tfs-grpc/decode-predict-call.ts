import {
  isPlatformError,
  type NamedTensors,
  PlatformError,
  type Tensor,
  type VersionSelector,
} from '@understudy/core'
import { WIRE_TYPE, WireReader } from '../grpc/wire-reader.ts'
import { malformed } from '../tfs/element-errors.ts'
import { type ModelSpec, readModelSpec, requireModelSpec } from './model-spec.ts'
import { type TakeRoom, TensorProtoReader } from './read-tensor-proto.ts'
import { shownName } from './shown-name.ts'

const REQUEST = { spec: 1, inputs: 2, outputFilter: 3 } as const
const ENTRY = { key: 1, value: 2 } as const
/** Of inputs, and of outputs asked for: a few bytes there, an object here. */
const NAMES_MAX = 4_096

interface Range {
  readonly from: number
  readonly to: number
}

const NOWHERE: Range = { from: 0, to: 0 }

/**
 * One `PredictRequest`: what it is about is read at once, its tensors when they are asked for.
 *
 * Of inputs with the same name the last counts, as in every map of protocol buffers.
 */
export class PredictCall implements ModelSpec {
  readonly model: string
  readonly selector: VersionSelector | undefined
  readonly signatureName: string
  readonly #reader: WireReader
  readonly #inputs = new Map<string, Range>()
  #entries = 0
  #outputs: string[] | undefined

  /** @throws PlatformError `request.malformed` with TensorFlow Serving's text where it has one */
  constructor(bytes: Uint8Array) {
    const reader = new WireReader(bytes)
    let spec: ModelSpec | undefined
    this.#reader = reader
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field > REQUEST.outputFilter) {
        reader.skip()
        continue
      }
      reader.expect(WIRE_TYPE.delimited)
      if (field === REQUEST.inputs) this.#input()
      else if (field === REQUEST.spec) spec = readModelSpec(reader)
      else this.#output(reader.text())
    }
    const { model, selector, signatureName } = requireModelSpec(spec)
    this.model = model
    this.selector = selector
    this.signatureName = signatureName
  }

  get inputNames(): readonly string[] {
    return [...this.#inputs.keys()]
  }

  /** Outputs asked for by name; undefined means all. */
  get outputs(): readonly string[] | undefined {
    return this.#outputs
  }

  /**
   * Reads the inputs. They may be views of the message, so that must not change afterwards.
   *
   * Memory is bounded by the number of bytes, but for elements that stand for others: what they grow to takes room first.
   * @throws PlatformError `request.malformed` with TensorFlow Serving's text, `request.too_large`, and what taking room throws
   */
  readTensors(takeRoom: TakeRoom): NamedTensors {
    const reader = this.#reader
    const tensors = new Map<string, Tensor>()
    const protos = new TensorProtoReader(reader, takeRoom)
    for (const [name, { from, to }] of this.#inputs) {
      reader.at = from
      reader.end = to
      try {
        tensors.set(name, protos.read())
      } catch (error) {
        throw ofInput(name, error)
      }
    }
    this.#checkOutputs()
    return tensors
  }

  #input(): void {
    const reader = this.#reader
    let name = ''
    let range = NOWHERE
    const outer = reader.enter()
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field === ENTRY.key) {
        reader.expect(WIRE_TYPE.delimited)
        name = reader.text()
      } else if (field === ENTRY.value) {
        reader.expect(WIRE_TYPE.delimited)
        const entry = reader.enter()
        range = { from: reader.at, to: reader.end }
        reader.leave(entry)
      } else reader.skip()
    }
    reader.leave(outer)
    this.#inputs.set(name, range)
    this.#entries += 1
    if (this.#entries > NAMES_MAX) throw malformed(`There are more than ${NAMES_MAX} inputs`)
  }

  #output(name: string): void {
    if (this.#outputs === undefined) this.#outputs = [name]
    else if (this.#outputs.length < NAMES_MAX) this.#outputs.push(name)
    else throw malformed(`output_filter has more than ${NAMES_MAX} names`)
  }

  #checkOutputs(): void {
    const outputs = this.#outputs
    if (outputs === undefined || outputs.length === 1) return
    const seen = new Set<string>()
    for (const name of outputs) {
      if (seen.has(name)) throw malformed(`duplicate output tensor alias: ${shownName(name)}`)
      seen.add(name)
    }
  }
}

function ofInput(name: string, error: unknown): unknown {
  if (!isPlatformError(error) || error.code === 'serving.queue_full') return error
  const text = `tensor parsing error: ${shownName(name)} (${error.message})`
  return new PlatformError(error.code, text, { cause: error })
}
