import {
  type DType,
  type NamedTensors,
  rowCount,
  type Signature,
  sliceAllRows,
  stackRows,
  type Tensor,
} from '@understudy/core'
import type { RunModel } from '../golden/check-golden.ts'
import { firstDifference, type Tolerance } from '../golden/compare-tensors.ts'

/** Rows of a proof; each also runs alone. */
export const PROOF_ROWS = 6

const HALF_TOLERANCE: Tolerance = { atol: 1e-2, rtol: 1e-2 }
const TOLERANCE: Tolerance = { atol: 1e-5, rtol: 1e-3 }

/** Whether the signature admits a batch axis at all: the first axis of every input and output is symbolic. */
export function mayHaveBatchAxis({ inputs, outputs }: Signature): boolean {
  return inputs.length > 0 && [...inputs, ...outputs].every((spec) => typeof spec.shape[0] === 'string')
}

/**
 * True only when every row was answered the same alone, stacked with others, and in another order.
 *
 * @param rows single rows, each of one size on the first axis; different ones, or nothing is proved
 * @throws PlatformError what `run` throws
 */
export async function proveBatchAxis(rows: readonly NamedTensors[], run: RunModel): Promise<boolean> {
  if (rows.length < 2 || !someDiffer(rows)) return false
  const alone: NamedTensors[] = []
  for (const row of rows) alone.push(await run(row))
  const order = rows.map((_, i) => (rows.length - i) % rows.length)
  const stacked = await run(stackAll(rows))
  const permuted = await run(stackAll(order.map((i) => rows[i] ?? new Map())))
  return (
    agree(stacked, alone) &&
    agree(
      permuted,
      order.map((i) => alone[i] ?? new Map()),
    )
  )
}

/** Row by row, the batch answers what the rows answered alone. */
function agree(batch: NamedTensors, alone: readonly NamedTensors[]): boolean {
  for (const tensor of batch.values()) {
    if (rowCount(tensor) !== alone.length) return false
  }
  return alone.every((expected, i) => {
    const row = sliceAllRows(batch, i, i + 1)
    return (
      row.size === expected.size && [...expected].every(([name, tensor]) => sameTensor(row.get(name), tensor))
    )
  })
}

function sameTensor(actual: Tensor | undefined, expected: Tensor): boolean {
  return actual !== undefined && firstDifference(actual, expected, toleranceOf(expected.dtype)) === undefined
}

function toleranceOf(dtype: DType): Tolerance {
  return dtype === 'float16' ? HALF_TOLERANCE : TOLERANCE
}

/** A batch of equal rows would hide that a row's answer depends on the others. */
function someDiffer(rows: readonly NamedTensors[]): boolean {
  const [first] = rows
  return rows.some((row) =>
    [...row].some(([name, tensor]) => {
      const other = first?.get(name)
      return other !== undefined && firstDifference(tensor, other, { atol: 0, rtol: 0 }) !== undefined
    }),
  )
}

function stackAll(rows: readonly NamedTensors[]): NamedTensors {
  const stacked = new Map<string, Tensor>()
  for (const name of rows[0]?.keys() ?? []) {
    stacked.set(name, stackRows(rows.flatMap((row) => row.get(name) ?? [])))
  }
  return stacked
}
