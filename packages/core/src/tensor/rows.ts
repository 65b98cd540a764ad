import {
  allocateData,
  elementCount,
  type NamedTensors,
  type NumericData,
  type NumericDType,
  type Tensor,
  type TensorData,
  viewData,
} from './tensor.ts'

function sliceData(data: TensorData, from: number, to: number): TensorData {
  return Array.isArray(data) ? data.slice(from, to) : (data as Float32Array).slice(from, to)
}

/** Hands out the rows of one tensor in order, as views that share its memory. */
export class RowCutter {
  readonly #tensor: Tensor
  readonly #inner: readonly number[]
  readonly #rowSize: number
  #at = 0
  #shape: readonly number[] = []

  constructor(tensor: Tensor) {
    this.#tensor = tensor
    this.#inner = tensor.shape.slice(1)
    this.#rowSize = elementCount(this.#inner)
  }

  next(rows: number): Tensor {
    const from = this.#at
    this.#at += rows * this.#rowSize
    // Most requests of a batch have as many rows as the one before.
    if (this.#shape[0] !== rows) this.#shape = [rows, ...this.#inner]
    const { dtype, data } = this.#tensor
    return { dtype, shape: this.#shape, data: viewOf(data, from, this.#at) }
  }
}

function viewOf(data: TensorData, from: number, to: number): TensorData {
  return Array.isArray(data) ? data.slice(from, to) : (data as Float32Array).subarray(from, to)
}

/** Number of rows (size of the first axis); undefined for a scalar. */
export function rowCount(tensor: Tensor): number | undefined {
  return tensor.shape[0]
}

/** A copy of rows `from` (included) to `to` (excluded) along the first axis. */
export function sliceRows(tensor: Tensor, from: number, to: number): Tensor {
  const rowSize = elementCount(tensor.shape.slice(1))
  return {
    dtype: tensor.dtype,
    shape: [to - from, ...tensor.shape.slice(1)],
    data: sliceData(tensor.data, from * rowSize, to * rowSize),
  }
}

/** Smaller typed arrays lie in V8's own heap: asking for their buffer would move each out of it. */
const ADJACENT_FROM_BYTES = 128

/**
 * The tensors stacked along the first axis. All share type and trailing dimensions; the caller has checked that. Parts that lie behind one
 * another in the same memory are not copied: the stack is a view of them.
 *
 * @param allocate gives a store, whatever is in it: all of it is written
 */
export function stackRows(
  parts: readonly Tensor[],
  allocate: (dtype: NumericDType, length: number) => TensorData = allocateData,
): Tensor {
  const [first] = parts
  if (first === undefined) throw new TypeError('nothing to stack')
  if (parts.length === 1) return first
  const rows = parts.reduce((sum, part) => sum + (part.shape[0] ?? 0), 0)
  const shape = [rows, ...first.shape.slice(1)]
  if (first.dtype === 'string') {
    return { dtype: 'string', shape, data: parts.flatMap((part) => part.data as readonly string[]) }
  }
  const whole = adjacentData(first.dtype, parts, elementCount(shape))
  if (whole !== undefined) return { dtype: first.dtype, shape, data: whole }
  const data = allocate(first.dtype, elementCount(shape)) as Float32Array
  let at = 0
  for (const part of parts) {
    const source = part.data as Float32Array
    data.set(source, at)
    at += source.length
  }
  return { dtype: first.dtype, shape, data }
}

function adjacentData(dtype: NumericDType, parts: readonly Tensor[], length: number): TensorData | undefined {
  const first = parts[0]?.data as NumericData
  if (first.byteLength < ADJACENT_FROM_BYTES) return undefined
  const { buffer, byteOffset } = first
  let end = byteOffset
  for (const { data } of parts as readonly { readonly data: NumericData }[]) {
    if (data.byteOffset !== end || data.buffer !== buffer) return undefined
    end += data.byteLength
  }
  return viewData(dtype, buffer, byteOffset, length)
}

/** Rows `from` to `to` of every tensor. */
export function sliceAllRows(tensors: NamedTensors, from: number, to: number): NamedTensors {
  const out = new Map<string, Tensor>()
  for (const [name, tensor] of tensors) out.set(name, sliceRows(tensor, from, to))
  return out
}
