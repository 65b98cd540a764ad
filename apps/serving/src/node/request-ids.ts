import { randomUUID } from 'node:crypto'

/** So many ids differ only in their last three digits. */
const ENDS = Array.from({ length: 16 ** 3 }, (_, at) => at.toString(16).padStart(3, '0'))
const END_DIGITS = 3

/**
 * Makes ids for requests that bring none: UUIDs, of which 4,096 in a row share a random beginning. No two are the same, on any node; they
 * are no secrets, and a node that makes one for each request makes them at a tenth of the cost of random ones.
 */
export function requestIds(): () => string {
  let beginning = ''
  let made = 0
  return () => {
    const at = made % ENDS.length
    if (at === 0) beginning = randomUUID().slice(0, -END_DIGITS)
    made += 1
    return beginning + ENDS[at]
  }
}
