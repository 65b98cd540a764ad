import type { NamedTensors } from '@understudy/core'
import type { RigNode } from '@understudy/testing'
import type { ConformanceCase } from './conformance-cases.ts'

/** What came of a request: the outputs, or how it was refused. */
export type Answer =
  | { readonly kind: 'answered'; readonly outputs: NamedTensors }
  | { readonly kind: 'refused'; readonly status: string; readonly message: string }

/** One way to send tensors, and to get them back. */
export interface Encoding {
  readonly protocol: string
  readonly name: string
  /** -0 cannot be told from 0. */
  readonly losesSignOfZero?: true
  /** The shape that the one input arrives with where it cannot be told; undefined where it is as it was. */
  arrivesAs?(one: ConformanceCase): readonly number[] | undefined
  ask(node: RigNode, one: ConformanceCase): Promise<Answer>
}

export function refused(status: string | number, message: string): Answer {
  return { kind: 'refused', status: String(status), message }
}
