import type { Comparator, DType } from '@understudy/core'
import { argmaxComparator } from './argmax.ts'
import { equalComparator } from './equal.ts'
import type { RowComparator } from './row-comparator.ts'
import { toleranceComparator } from './tolerance.ts'

/** The comparator that a policy names. Text can only be equal, whatever the policy says. */
export function comparatorOf(compare: Comparator, dtype: DType): RowComparator {
  if (dtype === 'string') return equalComparator
  switch (compare.kind) {
    case 'equal':
      return equalComparator
    case 'argmax':
      return argmaxComparator
    case 'tolerance':
      return toleranceComparator(compare)
  }
}
