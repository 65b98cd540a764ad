import type { DType, Tensor } from '@understudy/core'
import { formatFloat, formatFloat16 } from '../json/format-float.ts'

/** Writes the element at an index as JSON. */
export type ElementText = (index: number) => string

function elementText(tensor: Tensor, asBytes: boolean): ElementText {
  const dtype: DType = tensor.dtype
  switch (dtype) {
    case 'float32':
    case 'float64': {
      const data = tensor.data as Float64Array
      return (index) => formatFloat(data[index] ?? 0, dtype)
    }
    case 'float16': {
      const data = tensor.data as Uint16Array
      return (index) => formatFloat16(data[index] ?? 0)
    }
    case 'bool':
      return (index) => (tensor.data[index] ? 'true' : 'false')
    case 'string': {
      const data = tensor.data as readonly string[]
      if (!asBytes) return (index) => JSON.stringify(data[index] ?? '')
      return (index) => `{"b64":"${Buffer.from(data[index] ?? '', 'utf8').toString('base64')}"}`
    }
    default:
      return (index) => String(tensor.data[index] ?? 0)
  }
}

/** Writes one output piece by piece, as nested lists from a given axis on. */
export class TensorWriter {
  readonly tensor: Tensor
  readonly #text: ElementText
  #at = 0

  /** String outputs whose name ends with `_bytes` are written as base64 objects. */
  constructor(name: string, tensor: Tensor) {
    this.tensor = tensor
    this.#text = elementText(tensor, name.endsWith('_bytes'))
  }

  /** The next value of axes `axis` and beyond; calls advance through the data. */
  next(axis: number): string {
    const { shape } = this.tensor
    if (axis >= shape.length) return this.#element()
    const size = shape[axis] ?? 0
    const isLeaf = axis === shape.length - 1
    let text = '['
    for (let index = 0; index < size; index += 1) {
      if (index > 0) text += ','
      text += isLeaf ? this.#element() : this.next(axis + 1)
    }
    return `${text}]`
  }

  #element(): string {
    const text = this.#text(this.#at)
    this.#at += 1
    return text
  }
}
