import type { DType, TensorData } from '@understudy/core'
import { bytesField, floatField, integerField, message, type WireBytes } from './protobuf-writer.ts'

/** `TensorProto.DataType` of ONNX. The last ones exist so that tests can make models the platform refuses. */
const ELEMENT_TYPE = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  complex64: 14,
  bfloat16: 16,
} as const satisfies Record<DType | 'complex64' | 'bfloat16', number>

/** An element type as a model may declare it, the refused ones included. */
export type OnnxElementType = keyof typeof ELEMENT_TYPE

/** A size, or the name of a symbolic dimension (empty for an anonymous one). */
export type OnnxDimension = number | string

/** A constant tensor: attribute of a node, or initializer. */
export interface OnnxTensor {
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly data: TensorData
}

/** Attribute of a node. A bare number is an integer attribute; write `{ float: 0.5 }` for a float one. */
export type OnnxAttribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly tensor: OnnxTensor }
  | { readonly graph: OnnxGraph }

/** Where the bytes of an initializer lie beside the model. */
export interface ExternalLocation {
  readonly location: string
  readonly offset?: number
  readonly length?: number
}

const ATTRIBUTE_TYPE = { float: 1, integer: 2, string: 3, tensor: 4, graph: 5, integers: 7 } as const

function dimensionProto(dimension: OnnxDimension): WireBytes {
  if (dimension === '') return message()
  return typeof dimension === 'string' ? bytesField(2, dimension) : integerField(1, dimension)
}

function tensorTypeProto(dtype: OnnxElementType, shape: readonly OnnxDimension[]): WireBytes {
  const shapeProto = message(shape.map((dimension) => bytesField(1, dimensionProto(dimension))))
  return bytesField(1, message(integerField(1, ELEMENT_TYPE[dtype]), bytesField(2, shapeProto)))
}

function valueInfo(name: string, typeProto: WireBytes): WireBytes {
  return message(bytesField(1, name), bytesField(2, typeProto))
}

function tensorHeader(dtype: DType, shape: readonly number[]): WireBytes {
  return message(
    shape.map((size) => integerField(1, size)),
    integerField(2, ELEMENT_TYPE[dtype]),
  )
}

function tensorProto(tensor: OnnxTensor, name = ''): WireBytes {
  const header = message(tensorHeader(tensor.dtype, tensor.shape), bytesField(8, name))
  if (tensor.dtype === 'string') {
    return message(
      header,
      (tensor.data as readonly string[]).map((text) => bytesField(6, text)),
    )
  }
  const data = tensor.data as Exclude<TensorData, readonly string[]>
  return message(header, bytesField(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)))
}

function attributeProto(name: string, value: OnnxAttribute): WireBytes {
  const typed = (type: keyof typeof ATTRIBUTE_TYPE, ...parts: WireBytes[]) =>
    message(bytesField(1, name), ...parts, integerField(20, ATTRIBUTE_TYPE[type]))
  if (typeof value === 'number') return typed('integer', integerField(3, value))
  if (typeof value === 'string') return typed('string', bytesField(4, value))
  if ('float' in value) return typed('float', floatField(2, value.float))
  if ('tensor' in value) return typed('tensor', bytesField(5, tensorProto(value.tensor)))
  if ('graph' in value) return typed('graph', bytesField(6, value.graph.encode()))
  return typed('integers', ...value.map((item) => integerField(8, item)))
}

/** Options of one node beside its inputs and outputs. */
export interface OnnxNodeOptions {
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>
  readonly domain?: string
}

/** A graph: the body of a model, or of a control-flow node. Methods add in order and give the graph back. */
export class OnnxGraph {
  readonly #name: string
  readonly #nodes: WireBytes[] = []
  readonly #initializers: WireBytes[] = []
  readonly #inputs: WireBytes[] = []
  readonly #outputs: WireBytes[] = []

  constructor(name = 'graph') {
    this.#name = name
  }

  input(name: string, dtype: OnnxElementType, shape: readonly OnnxDimension[]): this {
    this.#inputs.push(valueInfo(name, tensorTypeProto(dtype, shape)))
    return this
  }

  output(name: string, dtype: OnnxElementType, shape: readonly OnnxDimension[]): this {
    this.#outputs.push(valueInfo(name, tensorTypeProto(dtype, shape)))
    return this
  }

  /** An output that is a sequence of tensors, which the platform refuses. */
  sequenceOutput(name: string, dtype: OnnxElementType): this {
    this.#outputs.push(valueInfo(name, bytesField(4, bytesField(1, tensorTypeProto(dtype, [])))))
    return this
  }

  /** An output that is a map, which the platform refuses. */
  mapOutput(name: string, key: OnnxElementType, value: OnnxElementType): this {
    const typeProto = message(integerField(1, ELEMENT_TYPE[key]), bytesField(2, tensorTypeProto(value, [])))
    this.#outputs.push(valueInfo(name, bytesField(5, typeProto)))
    return this
  }

  /** An empty text among the inputs stands for an optional input that is left out. */
  node(
    operator: string,
    [inputs, outputs]: readonly [inputs: readonly string[], outputs: readonly string[]],
    options: OnnxNodeOptions = {},
  ): this {
    const attributes = Object.entries(options.attributes ?? {})
    this.#nodes.push(
      message(
        inputs.map((name) => bytesField(1, name)),
        outputs.map((name) => bytesField(2, name)),
        bytesField(3, `${operator}_${outputs[0] ?? ''}`),
        bytesField(4, operator),
        attributes.map(([name, value]) => bytesField(5, attributeProto(name, value))),
        options.domain === undefined ? [] : bytesField(7, options.domain),
      ),
    )
    return this
  }

  initializer(name: string, tensor: OnnxTensor): this {
    this.#initializers.push(tensorProto(tensor, name))
    return this
  }

  /** An initializer whose bytes lie in another file. Nothing is checked: tests use it for paths that must be refused. */
  externalInitializer(name: string, spec: Omit<OnnxTensor, 'data'>, external: ExternalLocation): this {
    const entries = Object.entries(external).map(([key, value]) =>
      bytesField(13, message(bytesField(1, key), bytesField(2, String(value)))),
    )
    this.#initializers.push(
      message(tensorHeader(spec.dtype, spec.shape), bytesField(8, name), entries, integerField(14, 1)),
    )
    return this
  }

  /** The wire bytes of this graph (`GraphProto`). */
  encode(): WireBytes {
    return message(
      this.#nodes.map((node) => bytesField(1, node)),
      bytesField(2, this.#name),
      this.#initializers.map((initializer) => bytesField(5, initializer)),
      this.#inputs.map((input) => bytesField(11, input)),
      this.#outputs.map((output) => bytesField(12, output)),
    )
  }
}

export interface OnnxBuilderOptions {
  /** Version of the default operator set. @defaultValue 17 */
  readonly opset?: number
  /** Further operator sets, by domain. */
  readonly domains?: Readonly<Record<string, number>>
  /** @defaultValue 8 */
  readonly irVersion?: number
}

/**
 * Writes an ONNX model by hand in protobuf's wire format, so that tests need no exporter and no large files.
 *
 * What is built is as right or wrong as asked for: nothing is validated.
 */
export class OnnxBuilder extends OnnxGraph {
  readonly #options: Required<OnnxBuilderOptions>

  constructor(options: OnnxBuilderOptions = {}) {
    super()
    this.#options = { opset: 17, domains: {}, irVersion: 8, ...options }
  }

  /** The bytes of a `model.onnx`. */
  build(): Uint8Array {
    const { opset, domains, irVersion } = this.#options
    return message(
      integerField(1, irVersion),
      bytesField(2, 'understudy-testing'),
      bytesField(7, this.encode()),
      bytesField(8, integerField(2, opset)),
      Object.entries(domains).map(([domain, version]) =>
        bytesField(8, message(bytesField(1, domain), integerField(2, version))),
      ),
    )
  }
}
