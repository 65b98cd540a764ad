import type { AlignedOutput } from './aligned-output.ts'
import type { RowComparator } from './row-comparator.ts'

/** Agrees when every element is the same. Magnitude: the share of elements that differ. */
export const equalComparator: RowComparator = {
  agrees(output, row) {
    const to = (row + 1) * output.rowSize
    for (let at = row * output.rowSize; at < to; at++) if (differs(output, at)) return false
    return true
  },
  magnitude(output, row) {
    const to = (row + 1) * output.rowSize
    let count = 0
    for (let at = row * output.rowSize; at < to; at++) if (differs(output, at)) count++
    return count / output.rowSize
  },
}

function differs({ baseline, candidate }: AlignedOutput, at: number): boolean {
  const left = baseline[at]
  const right = candidate[at]
  return left !== right && !(isNotANumber(left) && isNotANumber(right))
}

function isNotANumber(value: unknown): boolean {
  return Number.isNaN(value)
}
