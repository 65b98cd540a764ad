import type { Comparator } from '@understudy/core'
import type { AlignedOutput } from './aligned-output.ts'
import { NO_MEASURE, type RowComparator } from './row-comparator.ts'

type Tolerance = Extract<Comparator, { readonly kind: 'tolerance' }>

/**
 * Agrees when |candidate - baseline| <= atol + rtol·|baseline| for every element; an infinity agrees only with itself.
 * Magnitude: the greatest difference in units of what is allowed.
 */
export function toleranceComparator({ atol, rtol }: Tolerance): RowComparator {
  const within = (left: number, right: number): boolean => {
    if (left === right) return true
    const difference = Math.abs(right - left)
    // An infinite baseline would allow every difference, and NaN compares false.
    return difference < Number.POSITIVE_INFINITY
      ? difference <= atol + rtol * Math.abs(left)
      : Number.isNaN(left) && Number.isNaN(right)
  }
  return {
    agrees(output, row) {
      const baseline = output.baseline as ArrayLike<number>
      const candidate = output.candidate as ArrayLike<number>
      const to = (row + 1) * output.rowSize
      for (let at = row * output.rowSize; at < to; at++) {
        if (!within(baseline[at] ?? 0, candidate[at] ?? 0)) return false
      }
      return true
    },
    magnitude: (output, row) => greatestExcess(output, row, { atol, rtol, within }),
  }
}

interface Allowed {
  readonly atol: number
  readonly rtol: number
  readonly within: (left: number, right: number) => boolean
}

function greatestExcess(output: AlignedOutput, row: number, allowed: Allowed): number {
  const baseline = output.baseline as ArrayLike<number>
  const candidate = output.candidate as ArrayLike<number>
  const to = (row + 1) * output.rowSize
  let greatest = 0
  for (let at = row * output.rowSize; at < to; at++) {
    const left = baseline[at] ?? 0
    const right = candidate[at] ?? 0
    if (allowed.within(left, right)) continue
    const excess = Math.abs(right - left) / (allowed.atol + allowed.rtol * Math.abs(left))
    greatest = Math.max(greatest, Number.isFinite(excess) ? excess : NO_MEASURE)
  }
  return greatest
}
