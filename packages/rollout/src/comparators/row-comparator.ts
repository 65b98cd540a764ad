import type { AlignedOutput } from './aligned-output.ts'

/** The magnitude of a difference that has no size (NaN against a number). A number that JSON can hold. */
export const NO_MEASURE = Number.MAX_VALUE

/**
 * Compares one row of an output. Neither method allocates.
 *
 * NaN agrees with NaN at the same place: neither version gave an answer there.
 */
export interface RowComparator {
  /** Whether the versions answer the same, as this comparator understands it. */
  agrees(output: AlignedOutput, row: number): boolean
  /** How far apart a row is that does not agree, to rank the worst: above 0, {@link NO_MEASURE} where there is none. */
  magnitude(output: AlignedOutput, row: number): number
}
