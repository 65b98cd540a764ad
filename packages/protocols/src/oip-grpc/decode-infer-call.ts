import type { DType, NamedTensors, Tensor } from '@understudy/core'
import { isPlatformError, PlatformError } from '@understudy/core'
import { WIRE_TYPE, WireReader } from '../grpc/wire-reader.ts'
import { dtypeOf } from '../oip/datatypes.ts'
import type { RequestedOutput } from '../oip/infer-request.ts'
import { malformed, shownName } from '../oip/oip-error-texts.ts'
import { decodeRawTensor } from '../oip/raw-tensor.ts'
import { TENSORS_MAX } from '../oip/read-members.ts'
import { CallParameters } from './call-parameters.ts'
import { DistinctNames } from './distinct-names.ts'
import type { InferCall } from './infer-call.ts'
import { readTypedTensor } from './typed-contents.ts'
import { selectorOfVersion } from './version-selector.ts'

const REQUEST = { model: 1, version: 2, id: 3, parameters: 4, inputs: 5, outputs: 6, raw: 7 } as const
const TENSOR = { name: 1, datatype: 2, shape: 3, parameters: 4, contents: 5 } as const
const OUTPUT = { name: 1, parameters: 2 } as const
/** No tensor has more axes. */
const RANK_MAX = 64

interface DeclaredInput {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly ranges: readonly number[]
}

class CallReader {
  readonly #reader: WireReader
  readonly #inputs: DeclaredInput[] = []
  readonly #inputNames = new DistinctNames('inputs')
  readonly #raw: Uint8Array[] = []
  #outputNames: DistinctNames | undefined
  #outputs: RequestedOutput[] | undefined
  #parameters: CallParameters | undefined
  #model = ''
  #version = ''
  #id = ''

  constructor(bytes: Uint8Array) {
    this.#reader = new WireReader(bytes)
  }

  call(): InferCall {
    const reader = this.#reader
    for (let field = reader.next(); field !== 0; field = reader.next()) this.#field(field)
    const selector = selectorOfVersion(this.#version)
    const parameters = this.#parameters?.ofRequest()
    const inputs = this.#raw.length > 0 ? this.#rawInputs() : this.#typedInputs()
    const form = { id: this.#id, outputs: this.#outputs, isBinary: parameters?.isRaw ?? true }
    return { model: this.#model, selector, inputs, form, timeoutMs: parameters?.timeoutMs }
  }

  #field(field: number): void {
    const reader = this.#reader
    if (field > REQUEST.raw || reader.wireType !== WIRE_TYPE.delimited) {
      if (field <= REQUEST.raw) reader.expect(WIRE_TYPE.delimited)
      reader.skip()
      return
    }
    switch (field) {
      case REQUEST.raw:
        if (this.#raw.length === TENSORS_MAX) throw malformed('there are too many raw_input_contents')
        this.#raw.push(reader.view())
        return
      case REQUEST.inputs:
        this.#input()
        return
      case REQUEST.model:
        this.#model = reader.text()
        return
      case REQUEST.version:
        this.#version = reader.text()
        return
      case REQUEST.id:
        this.#id = reader.text()
        return
      case REQUEST.outputs:
        this.#output()
        return
      default:
        this.#parameters ??= new CallParameters()
        this.#parameters.readEntry(reader)
    }
  }

  #input(): void {
    const reader = this.#reader
    let name = ''
    let datatype = ''
    const shape: number[] = []
    let ranges: number[] = NO_RANGES
    let parameters: CallParameters | undefined
    const outer = reader.enter()
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field === TENSOR.name) name = reader.text()
      else if (field === TENSOR.datatype) datatype = reader.text()
      else if (field === TENSOR.shape) this.#sizes(shape)
      else if (field === TENSOR.contents) ranges = this.#range(ranges)
      else if (field === TENSOR.parameters) {
        parameters ??= new CallParameters()
        parameters.readEntry(reader)
      } else reader.skip()
    }
    reader.leave(outer)
    parameters?.checkInput()
    if (!this.#inputNames.add(name)) {
      throw malformed(`input '${shownName(name)}' already exists in request`)
    }
    const dtype = dtypeOf(datatype)
    if (dtype === undefined) {
      throw malformed(
        `invalid datatype for input '${shownName(name)}': '${shownName(datatype)}' is not supported here`,
      )
    }
    this.#inputs.push({ name, dtype, shape, ranges })
  }

  #sizes(shape: number[]): void {
    const reader = this.#reader
    if (reader.wireType === WIRE_TYPE.delimited) {
      const outer = reader.enter()
      while (reader.at < reader.end && shape.length <= RANK_MAX) shape.push(reader.int64())
      reader.leave(outer)
    } else {
      reader.expect(WIRE_TYPE.varint)
      shape.push(reader.int64())
    }
    if (shape.length > RANK_MAX) throw malformed(`a shape has more than ${RANK_MAX} axes`)
  }

  #range(ranges: number[]): number[] {
    const reader = this.#reader
    reader.expect(WIRE_TYPE.delimited)
    const outer = reader.enter()
    const range = [reader.at, reader.end]
    reader.leave(outer)
    return ranges === NO_RANGES ? range : [...ranges, ...range]
  }

  #output(): void {
    const reader = this.#reader
    let name = ''
    let parameters: CallParameters | undefined
    const outer = reader.enter()
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field === OUTPUT.name) name = reader.text()
      else if (field === OUTPUT.parameters) {
        parameters ??= new CallParameters()
        parameters.readEntry(reader)
      } else reader.skip()
    }
    reader.leave(outer)
    const outputs = this.#outputs ?? []
    this.#outputNames ??= new DistinctNames('outputs')
    if (!this.#outputNames.add(name)) {
      throw malformed(`output '${shownName(name)}' is requested more than once`)
    }
    const { isBinary, classCount } = parameters?.ofOutput() ?? AS_THE_REQUEST_SAYS
    outputs.push({ name, isBinary, classCount })
    this.#outputs = outputs
  }

  #rawInputs(): NamedTensors {
    const inputs = new Map<string, Tensor>()
    const declared = this.#inputs
    const raw = this.#raw
    if (declared.length !== raw.length) {
      throw malformed(
        `expected ${declared.length} raw_input_contents, one for each input of model '${shownName(this.#model)}', got ${raw.length}`,
      )
    }
    for (let index = 0; index < declared.length; index += 1) {
      const input = declared[index] as DeclaredInput
      const { name, dtype, shape, ranges } = input
      if (ranges.length > 0) {
        throw malformed(
          `contents field must not be specified when using raw_input_contents for '${shownName(name)}' for model '${shownName(this.#model)}'`,
        )
      }
      try {
        inputs.set(name, decodeRawTensor(dtype, shape, raw[index] as Uint8Array))
      } catch (error) {
        throw ofInput(name, error)
      }
    }
    return inputs
  }

  #typedInputs(): NamedTensors {
    const inputs = new Map<string, Tensor>()
    for (const input of this.#inputs) {
      try {
        inputs.set(input.name, readTypedTensor(this.#reader, input))
      } catch (error) {
        throw ofInput(input.name, error)
      }
    }
    return inputs
  }
}

const NO_RANGES: number[] = []
const AS_THE_REQUEST_SAYS = { isBinary: undefined, classCount: 0 }

function ofInput(name: string, error: unknown): unknown {
  if (!isPlatformError(error)) return error
  return new PlatformError(error.code, `${error.message} (input '${shownName(name)}')`, { cause: error })
}

/**
 * Reads one `ModelInferRequest`, its bytes straight into tensors.
 *
 * Tensors may be views of `bytes`, so those must not change afterwards. Time and memory are bounded by the number of bytes.
 * @throws PlatformError `request.malformed`, `request.unsupported`
 */
export function decodeInferCall(bytes: Uint8Array): InferCall {
  return new CallReader(bytes).call()
}
