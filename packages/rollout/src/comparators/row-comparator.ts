import type { AlignedOutput } from './aligned-output.ts'

/** The magnitude of a difference that has no size (NaN against a number). A number that JSON can hold. */
export const NO_MEASURE = Number.MAX_VALUE

/** Where a row went from baseline to candidate: 1 over a threshold (below before, at or above it now), -1 under it, 0 neither. */
export type Flip = 1 | 0 | -1

/**
 * Compares one row of an output. No method allocates.
 *
 * NaN agrees with NaN at the same place: neither version gave an answer there.
 */
export interface RowComparator {
  /** Whether the versions answer the same, as this comparator understands it. */
  agrees(output: AlignedOutput, row: number): boolean
  /** How far apart a row is that does not agree, to rank the worst: above 0, {@link NO_MEASURE} where there is none. */
  magnitude(output: AlignedOutput, row: number): number
  /** Which way a row went; absent where there is no threshold to cross. */
  readonly flip?: (output: AlignedOutput, row: number) => Flip
}
