import { MARK } from './faulty-models.ts'
import { ROWS } from './models.ts'

export interface MarkedBodies {
  /** One body of so many is marked; 0: none is. */
  readonly oneOf: number
  /** Rows of a body. @defaultValue 1 */
  readonly rows?: number
  /** Bodies that are sent in turn. @defaultValue 400 */
  readonly bodies?: number
}

/** Bodies of `:predict` of which some have one row that a faulty model does not bear; the marked ones are spread evenly. */
export function markedBodies({ oneOf, rows = 1, bodies = 400 }: MarkedBodies): readonly string[] {
  return Array.from({ length: bodies }, (_, at) => {
    const instances = Array.from({ length: rows }, (_row, row) => ROWS[(at * rows + row) % ROWS.length] ?? [])
    if (oneOf > 0 && at % oneOf === oneOf - 1) instances[0] = [MARK, ...(instances[0]?.slice(1) ?? [])]
    return JSON.stringify({ instances })
  })
}
