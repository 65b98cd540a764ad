import type { Category, Fault, Retry } from '../category.ts'

/** What a code means for loops, alerts and readers. */
export interface ErrorKind {
  readonly category: Category
  readonly fault: Fault
  readonly retry: Retry
  /** What the reader can do about it: shown in the generated reference. */
  readonly remedy: string
}
