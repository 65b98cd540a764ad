import {
  type Dimension,
  describeSpec,
  elementCount,
  type NamedTensors,
  PlatformError,
  type Signature,
  type Tensor,
  type TensorSpec,
} from '@understudy/core'

/** Inputs in the order of the signature, and what batching needs to know about them. */
export interface CheckedInputs {
  readonly inputs: NamedTensors
  /** Size of the batch axis, 1 where there is none. */
  readonly rows: number
  /** Requests with the same key may be stacked: their inner dimensions agree. */
  readonly shapeKey: string
}

interface Axis {
  readonly size: Dimension
  /** Index of the symbolic size that must agree over all inputs; undefined for a fixed or nameless one. */
  readonly symbol: number | undefined
}

interface CompiledInput {
  readonly spec: TensorSpec
  readonly axes: readonly Axis[]
}

interface Bound {
  readonly size: number
  readonly input: string
}

const NAMELESS = ''
/** Symbol of the batch axis, whatever the model calls it: no model can use this name. */
const BATCH = '\0batch'

/**
 * Checks requests against one signature. Everything that can be known beforehand is worked out once, in the constructor.
 */
export class InputValidator {
  readonly #inputs: readonly CompiledInput[]
  readonly #inputNames: ReadonlySet<string>
  readonly #outputNames: ReadonlySet<string>
  readonly #batchable: boolean
  /** Some inner dimension is symbolic, so equal signatures do not imply equal shapes. */
  readonly #dynamicInside: boolean
  /** Only texts hold what cannot be told from type and shape. */
  readonly #texts: readonly string[]

  constructor(signature: Signature, batchable: boolean) {
    const symbols: string[] = []
    this.#inputs = signature.inputs.map((spec) => ({ spec, axes: compileAxes(spec, batchable, symbols) }))
    this.#inputNames = new Set(signature.inputs.map((spec) => spec.name))
    this.#outputNames = new Set(signature.outputs.map((spec) => spec.name))
    this.#batchable = batchable
    this.#dynamicInside = this.#inputs.some(({ spec }) => spec.shape.slice(1).some(isSymbolic))
    this.#texts = signature.inputs.filter(({ dtype }) => dtype === 'string').map(({ name }) => name)
  }

  /**
   * @throws PlatformError `onnx.input_missing`, `onnx.input_unknown`, `onnx.input_shape_mismatch`, `onnx.input_type_mismatch`,
   *   `onnx.input_text_invalid`
   */
  check(inputs: NamedTensors): CheckedInputs {
    if (inputs.size !== this.#inputs.length) this.#refuseUnknown(inputs)
    const bound: (Bound | undefined)[] = []
    for (const input of this.#inputs) {
      const tensor = inputs.get(input.spec.name)
      if (tensor === undefined) throw this.#missing(input.spec, inputs)
      checkTensor(input.spec, tensor)
      this.#bind(input, tensor, bound)
    }
    for (const name of this.#texts) checkTexts(name, inputs.get(name))
    const ordered = this.#ordered(inputs)
    const rows = this.#batchable ? this.#rows(ordered) : 1
    return { inputs: ordered, rows, shapeKey: this.#dynamicInside ? innerShapes(ordered) : '' }
  }

  /** @throws PlatformError `onnx.output_unknown` */
  checkOutputs(names: readonly string[] | undefined): void {
    for (const name of names ?? []) {
      if (this.#outputNames.has(name)) continue
      throw new PlatformError(
        'onnx.output_unknown',
        `Output ${quoted(name)} does not exist: the model has ${list(this.#outputNames)}.`,
      )
    }
  }

  /** One input alone is in order. */
  #ordered(inputs: NamedTensors): NamedTensors {
    if (inputs.size === 1) return inputs
    const ordered = new Map<string, Tensor>()
    for (const { spec } of this.#inputs) {
      const tensor = inputs.get(spec.name)
      if (tensor !== undefined) ordered.set(spec.name, tensor)
    }
    return ordered
  }

  #bind({ spec, axes }: CompiledInput, tensor: Tensor, bound: (Bound | undefined)[]): void {
    for (let index = 0; index < axes.length; index += 1) {
      const axis = axes[index]
      if (axis?.symbol === undefined) continue
      const size = tensor.shape[index] ?? 0
      const earlier = bound[axis.symbol]
      if (earlier === undefined) bound[axis.symbol] = { size, input: spec.name }
      else if (earlier.size !== size) throw disagreeing(spec, axis, { size, index, earlier })
    }
  }

  #rows(inputs: NamedTensors): number {
    for (const [name, tensor] of inputs) {
      const rows = tensor.shape[0] ?? 0
      if (rows > 0) return rows
      throw new PlatformError(
        'onnx.input_shape_mismatch',
        `Input ${quoted(name)}: expected at least one row, got ${describeSpec(tensor)}.`,
      )
    }
    return 1
  }

  #missing(spec: TensorSpec, inputs: NamedTensors): PlatformError {
    const got = inputs.size === 0 ? 'none' : list(inputs.keys())
    return new PlatformError(
      'onnx.input_missing',
      `Input ${quoted(spec.name)} is missing: expected ${describeSpec(spec)}, got inputs: ${got}.`,
    )
  }

  #refuseUnknown(inputs: NamedTensors): void {
    for (const name of inputs.keys()) {
      if (this.#inputNames.has(name)) continue
      throw new PlatformError(
        'onnx.input_unknown',
        `Input ${quoted(name)} does not exist: the model takes ${list(this.#inputNames)}.`,
      )
    }
  }
}

function compileAxes(spec: TensorSpec, batchable: boolean, symbols: string[]): readonly Axis[] {
  return spec.shape.map((size, index) => {
    if (!isSymbolic(size)) return { size, symbol: undefined }
    const name = batchable && index === 0 ? BATCH : size
    if (name === NAMELESS) return { size, symbol: undefined }
    if (!symbols.includes(name)) symbols.push(name)
    return { size, symbol: symbols.indexOf(name) }
  })
}

function checkTensor(spec: TensorSpec, tensor: Tensor): void {
  if (tensor.dtype !== spec.dtype) throw mismatch('onnx.input_type_mismatch', spec, tensor)
  const { shape } = tensor
  if (!fits(spec.shape, shape)) throw mismatch('onnx.input_shape_mismatch', spec, tensor)
  const elements = elementCount(shape)
  if (elements === tensor.data.length && shape.every(isSize)) return
  throw new PlatformError(
    'onnx.input_shape_mismatch',
    `Input ${quoted(spec.name)}: shape [${shape.join(', ')}] needs ${elements} elements, got ${tensor.data.length}.`,
  )
}

/** ONNX Runtime takes a text up to its first U+0000: the model would answer for another one. */
function checkTexts(name: string, tensor: Tensor | undefined): void {
  if (tensor?.dtype !== 'string') return
  const data = tensor.data as readonly string[]
  for (let index = 0; index < data.length; index += 1) {
    if (data[index]?.includes('\0') !== true) continue
    throw new PlatformError(
      'onnx.input_text_invalid',
      `Input ${quoted(name)}: expected texts without the character U+0000, got one in element ${index}.`,
    )
  }
}

function fits(expected: readonly Dimension[], shape: readonly number[]): boolean {
  if (shape.length !== expected.length) return false
  for (let axis = 0; axis < shape.length; axis += 1) {
    const size = expected[axis]
    if (typeof size === 'number' && size !== shape[axis]) return false
  }
  return true
}

function isSize(size: number): boolean {
  return Number.isSafeInteger(size) && size >= 0
}

function mismatch(
  code: 'onnx.input_type_mismatch' | 'onnx.input_shape_mismatch',
  spec: TensorSpec,
  tensor: Tensor,
): PlatformError {
  return new PlatformError(
    code,
    `Input ${quoted(spec.name)}: expected ${describeSpec(spec)}, got ${describeSpec(tensor)}.`,
  )
}

function disagreeing(
  spec: TensorSpec,
  axis: Axis,
  found: { readonly size: number; readonly index: number; readonly earlier: Bound },
): PlatformError {
  const dimension = axis.size === NAMELESS ? `dimension ${found.index}` : `dimension ${axis.size}`
  return new PlatformError(
    'onnx.input_shape_mismatch',
    `Input ${quoted(spec.name)}: expected ${dimension} to be ${found.earlier.size} as in input ${quoted(found.earlier.input)}, got ${found.size}.`,
  )
}

function innerShapes(inputs: NamedTensors): string {
  return [...inputs.values()].map((tensor) => tensor.shape.slice(1).join('x')).join(';')
}

function isSymbolic(size: Dimension): size is string {
  return typeof size === 'string'
}

/** Names come from clients: bounded before they go into a message. */
function quoted(name: string): string {
  return `"${name.length > 100 ? `${name.slice(0, 100)}…` : name}"`
}

function list(names: Iterable<string>): string {
  return [...names].slice(0, 20).map(quoted).join(', ')
}
