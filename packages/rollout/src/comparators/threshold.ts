import type { AlignedOutput } from './aligned-output.ts'
import { type Flip, NO_MEASURE, type RowComparator } from './row-comparator.ts'

/**
 * Agrees when every element lies on the same side of the threshold in both versions: at or above it, or below. NaN lies on no side and
 * agrees only with NaN.
 *
 * Magnitude: the greatest distance between two elements that lie on different sides. Flip: 1 where elements rose to the threshold or above
 * and none fell below it, -1 the other way round. A row that went both ways went neither, and so did one that has or had no side.
 */
export function thresholdComparator(threshold: number): RowComparator {
  const side = (value: number) => (Number.isNaN(value) ? 0 : value >= threshold ? 1 : -1)
  const distanceAcross = ({ baseline, candidate }: AlignedOutput, at: number): number => {
    const left = Number(baseline[at])
    const right = Number(candidate[at])
    if (side(left) === side(right)) return 0
    const distance = Math.abs(right - left)
    return Number.isFinite(distance) ? distance : NO_MEASURE
  }
  return {
    agrees(output, row) {
      const to = (row + 1) * output.rowSize
      for (let at = row * output.rowSize; at < to; at++) if (distanceAcross(output, at) > 0) return false
      return true
    },
    magnitude(output, row) {
      const to = (row + 1) * output.rowSize
      let greatest = 0
      for (let at = row * output.rowSize; at < to; at++) {
        greatest = Math.max(greatest, distanceAcross(output, at))
      }
      return greatest
    },
    flip({ rowSize, baseline, candidate }, row) {
      let rose = false
      let fell = false
      for (let at = row * rowSize; at < (row + 1) * rowSize; at++) {
        const before = side(Number(baseline[at]))
        const after = side(Number(candidate[at]))
        if (before < 0 && after > 0) rose = true
        if (before > 0 && after < 0) fell = true
      }
      return flipOf(rose, fell)
    },
  }
}

function flipOf(rose: boolean, fell: boolean): Flip {
  if (rose === fell) return 0
  return rose ? 1 : -1
}
