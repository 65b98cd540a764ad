import type { Comparator, DType } from '@understudy/core'
import { argmaxComparator } from './argmax.ts'
import { cosineComparator } from './cosine.ts'
import { equalComparator } from './equal.ts'
import type { RowComparator } from './row-comparator.ts'
import { thresholdComparator } from './threshold.ts'
import { toleranceComparator } from './tolerance.ts'
import { topKComparator } from './top-k.ts'

/** The comparators that lay outputs side by side, row by row. `setOverlap` does not: its lists may differ in length. */
export type RowComparison = Exclude<Comparator, { readonly kind: 'setOverlap' }>

/** The comparator that a policy names. Text can only be equal, whatever the policy says. */
export function comparatorOf(compare: RowComparison, dtype: DType): RowComparator {
  if (dtype === 'string') return equalComparator
  switch (compare.kind) {
    case 'equal':
      return equalComparator
    case 'argmax':
      return argmaxComparator
    case 'topK':
      return topKComparator(compare.k)
    case 'cosine':
      return cosineComparator(compare.min)
    case 'threshold':
      return thresholdComparator(compare.at)
    case 'tolerance':
      return toleranceComparator(compare)
  }
}
