import { createTRPCClient, httpLink, TRPCClientError } from '@trpc/client'
import type { PredictRouter } from '@understudy/api/predict'
import type { NamedTensors, Tensor } from '@understudy/core'
import type { RigNode } from '@understudy/testing'
import type { ConformanceCase } from './conformance-cases.ts'
import { type Encoding, refused } from './encodings.ts'
import { rowsOf } from './exact-json.ts'
import { fromElements } from './tensor-bytes.ts'

type Plain = number | string | boolean
type Nested = Plain | readonly Nested[]

/** What JSON has no number for is text. */
function plainOf({ dtype, data }: Tensor): readonly Plain[] {
  return Array.from(data as ArrayLike<number | bigint | string>, (value) => {
    if (typeof value === 'string') return value
    if (dtype === 'bool') return value === 1
    const number = Number(value)
    const isExact = typeof value === 'bigint' ? Number.isSafeInteger(number) : Number.isFinite(number)
    return isExact ? number : String(value)
  })
}

function nested(values: readonly Plain[], shape: readonly number[]): Nested {
  const [size, ...rest] = shape
  if (size === undefined) return values[0] ?? 0
  const step = values.length / Math.max(size, 1)
  return Array.from({ length: size }, (_, at) => nested(values.slice(at * step, (at + 1) * step), rest))
}

function instancesOf(inputs: NamedTensors) {
  return Array.from({ length: rowsOf(inputs) }, (_, row) => {
    const parts = [...inputs].map(([name, tensor]) => {
      const lists = nested(plainOf(tensor), tensor.shape)
      return [name, Array.isArray(lists) ? (lists[row] as Nested) : lists] as const
    })
    const [only] = parts
    return parts.length === 1 && only !== undefined ? only[1] : Object.fromEntries(parts)
  })
}

function tensorsOf(inputs: NamedTensors) {
  const tensors = [...inputs].map(([name, tensor]) => {
    const { dtype, shape } = tensor
    return [name, { dtype, shape, data: plainOf(tensor) }] as const
  })
  return Object.fromEntries(tensors)
}

function encoding(name: string, bodyOf: (one: ConformanceCase) => object): Encoding {
  return {
    protocol: 'tRPC',
    name,
    losesSignOfZero: true,
    async ask(node: RigNode, one) {
      const client = createTRPCClient<PredictRouter>({ links: [httpLink({ url: `${node.url}/trpc` })] })
      try {
        const { outputs } = await client.predict.mutate({ model: one.model, ...bodyOf(one) })
        const tensors = Object.entries(outputs).map(
          ([output, { dtype, shape, data }]) => [output, fromElements(dtype, shape, data)] as const,
        )
        return { kind: 'answered', outputs: new Map(tensors) }
      } catch (error) {
        if (!(error instanceof TRPCClientError)) throw error
        return refused(String(error.data?.httpStatus ?? 'unknown'), error.message)
      }
    },
  }
}

export const TRPC_ENCODINGS: readonly Encoding[] = [
  encoding('rows', ({ inputs }) => ({ instances: instancesOf(inputs) })),
  encoding('tensors', ({ inputs }) => ({ inputs: tensorsOf(inputs) })),
]
