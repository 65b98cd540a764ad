import type { AlignedOutput, Values } from './aligned-output.ts'
import { equalComparator } from './equal.ts'
import { NO_MEASURE, type RowComparator } from './row-comparator.ts'

/**
 * Agrees when both versions choose the same class: the first greatest element along the last axis of the row, for every vector of it.
 * A vector with NaN chooses nothing and agrees only with one that chooses nothing. Over a single class there is nothing to choose,
 * so there the elements must be equal: a gate that can never object would be worse.
 *
 * Magnitude: how decidedly the two choose differently, by the scores that each takes from the other's choice.
 */
export const argmaxComparator: RowComparator = {
  agrees(output, row) {
    const { rowSize, lastAxis, baseline, candidate } = output
    if (lastAxis <= 1) return equalComparator.agrees(output, row)
    const to = (row + 1) * rowSize
    for (let at = row * rowSize; at < to; at += lastAxis) {
      if (choice(baseline, at, lastAxis) !== choice(candidate, at, lastAxis)) return false
    }
    return true
  },
  magnitude(output, row) {
    const { rowSize, lastAxis } = output
    if (lastAxis <= 1) return equalComparator.magnitude(output, row)
    const to = (row + 1) * rowSize
    let greatest = 0
    for (let at = row * rowSize; at < to; at += lastAxis) greatest = Math.max(greatest, distance(output, at))
    return greatest
  },
}

/** Index of the first greatest element, -1 when there is a NaN. */
function choice(values: Values, from: number, length: number): number {
  let best = 0
  for (let index = 0; index < length; index++) {
    const value = at(values, from + index)
    if (Number.isNaN(value)) return -1
    if (value > at(values, from + best)) best = index
  }
  return best
}

function distance({ baseline, candidate, lastAxis }: AlignedOutput, from: number): number {
  const left = choice(baseline, from, lastAxis)
  const right = choice(candidate, from, lastAxis)
  if (left === right) return 0
  if (left < 0 || right < 0) return NO_MEASURE
  const lost = at(baseline, from + left) - at(baseline, from + right)
  const won = at(candidate, from + right) - at(candidate, from + left)
  const sum = lost + won
  return Number.isFinite(sum) ? Math.max(sum, Number.MIN_VALUE) : NO_MEASURE
}

function at(values: Values, index: number): number {
  return (values as ArrayLike<number>)[index] ?? 0
}
