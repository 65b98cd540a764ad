import type { AlignedOutput } from './aligned-output.ts'
import { equalComparator } from './equal.ts'
import { NO_MEASURE, type RowComparator } from './row-comparator.ts'

/**
 * Agrees when both versions point the same way: the cosine of every vector along the last axis of the row is at least `min`. A vector
 * without a direction (zero, NaN, infinity) agrees only with its equal; so does a single number, whose direction says nothing.
 *
 * Magnitude: 1 - cosine, of the vectors that lie farthest apart.
 */
export function cosineComparator(min: number): RowComparator {
  const apart = (output: AlignedOutput, from: number): number => {
    const cosine = cosineOf(output, from)
    if (Number.isNaN(cosine)) return sameVector(output, from) ? 0 : NO_MEASURE
    // 1 - cosine of equal vectors may miss 0 by rounding, so it is the cosine that decides.
    return cosine >= min ? 0 : Math.max(1 - cosine, Number.MIN_VALUE)
  }
  return {
    agrees(output, row) {
      const { rowSize, lastAxis } = output
      if (lastAxis <= 1) return equalComparator.agrees(output, row)
      const to = (row + 1) * rowSize
      for (let at = row * rowSize; at < to; at += lastAxis) if (apart(output, at) > 0) return false
      return true
    },
    magnitude(output, row) {
      const { rowSize, lastAxis } = output
      if (lastAxis <= 1) return equalComparator.magnitude(output, row)
      const to = (row + 1) * rowSize
      let greatest = 0
      for (let at = row * rowSize; at < to; at += lastAxis) greatest = Math.max(greatest, apart(output, at))
      return greatest
    },
  }
}

function cosineOf({ baseline, candidate, lastAxis }: AlignedOutput, from: number): number {
  let [dot, left, right] = [0, 0, 0]
  for (let at = from; at < from + lastAxis; at++) {
    const l = Number(baseline[at])
    const r = Number(candidate[at])
    dot += l * r
    left += l * l
    right += r * r
  }
  // The root of a product could overflow where the product of roots does not.
  const cosine = dot / (Math.sqrt(left) * Math.sqrt(right))
  return Math.min(1, Math.max(-1, cosine))
}

function sameVector({ baseline, candidate, lastAxis }: AlignedOutput, from: number): boolean {
  for (let at = from; at < from + lastAxis; at++) if (!Object.is(baseline[at], candidate[at])) return false
  return true
}
