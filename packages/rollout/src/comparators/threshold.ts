import type { AlignedOutput } from './aligned-output.ts'
import { NO_MEASURE, type RowComparator } from './row-comparator.ts'

/**
 * Agrees when every element lies on the same side of the threshold in both versions: at or above it, or below. NaN lies on no side and
 * agrees only with NaN.
 *
 * Magnitude: the greatest distance between two elements that lie on different sides.
 */
export function thresholdComparator(threshold: number): RowComparator {
  const side = (value: number) => (Number.isNaN(value) ? 0 : value >= threshold ? 1 : -1)
  const flip = ({ baseline, candidate }: AlignedOutput, at: number): number => {
    const left = Number(baseline[at])
    const right = Number(candidate[at])
    if (side(left) === side(right)) return 0
    const distance = Math.abs(right - left)
    return Number.isFinite(distance) ? distance : NO_MEASURE
  }
  return {
    agrees(output, row) {
      const to = (row + 1) * output.rowSize
      for (let at = row * output.rowSize; at < to; at++) if (flip(output, at) > 0) return false
      return true
    },
    magnitude(output, row) {
      const to = (row + 1) * output.rowSize
      let greatest = 0
      for (let at = row * output.rowSize; at < to; at++) greatest = Math.max(greatest, flip(output, at))
      return greatest
    },
  }
}
