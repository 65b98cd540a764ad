import type { DType, NamedTensors, Tensor } from '@understudy/core'
import { fromElements } from './tensor-bytes.ts'

/** A JSON value with its numbers as the text that they came in, behind a `#`. */
export type ExactJson = string | boolean | null | readonly ExactJson[] | { readonly [key: string]: ExactJson }

/** Reads JSON without losing a digit, and with the bare `NaN` and `Infinity` that servers write. */
export function parseExact(text: string): ExactJson {
  const quoted = text.replaceAll(/"(?:[^"\\]|\\.)*"|-?(?:NaN|Infinity|\d[\d.eE+-]*)/g, (token) =>
    token.startsWith('"') ? token : `"#${token}"`,
  )
  return JSON.parse(quoted)
}

/** One element as clients write it. */
export function elementText({ dtype, data }: Tensor, at: number): string {
  const value = data[at]
  if (dtype === 'string') return JSON.stringify(value)
  if (dtype === 'bool') return String(value === 1)
  return Object.is(value, -0) ? '-0.0' : String(value)
}

/** Nested lists in row-major order. */
export function nestedText(tensor: Tensor, axis = 0, at = { next: 0 }): string {
  if (axis === tensor.shape.length) {
    const text = elementText(tensor, at.next)
    at.next += 1
    return text
  }
  const size = tensor.shape[axis] ?? 0
  return `[${Array.from({ length: size }, () => nestedText(tensor, axis + 1, at)).join(',')}]`
}

/** All elements in one list. */
export function flatText(tensor: Tensor): string {
  return `[${Array.from({ length: tensor.data.length }, (_, at) => elementText(tensor, at)).join(',')}]`
}

/** The tensor of nested lists: of a shape that is known, or as they are nested. */
export function tensorOfLists(dtype: DType, lists: ExactJson, shape = shapeOf(lists)): Tensor {
  const leaves: (string | boolean)[] = []
  const collect = (value: ExactJson): void => {
    if (Array.isArray(value)) for (const one of value) collect(one)
    else leaves.push(value as string | boolean)
  }
  collect(lists)
  const elements = leaves.map((leaf) =>
    typeof leaf === 'string' && dtype !== 'string' ? leaf.slice(1) : leaf,
  )
  return fromElements(dtype, shape, elements)
}

function shapeOf(lists: ExactJson): number[] {
  return Array.isArray(lists) ? [lists.length, ...(lists.length === 0 ? [] : shapeOf(lists[0]))] : []
}

/** Row `row` of every input, as `instances` has it. */
export function rowText(inputs: NamedTensors, row: number): string {
  const texts = [...inputs].map(([name, { dtype, shape, data }]) => {
    const size = shape.slice(1).reduce((product, one) => product * one, 1)
    const part = { dtype, shape: shape.slice(1), data: data.slice(row * size, (row + 1) * size) } as Tensor
    return [name, nestedText(part)] as const
  })
  const [only] = texts
  if (texts.length === 1 && only !== undefined) return only[1]
  return `{${texts.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`
}

/** How many rows there are; a scalar counts as one. */
export function rowsOf(inputs: NamedTensors): number {
  const [first] = inputs.values()
  return first?.shape[0] ?? 1
}
