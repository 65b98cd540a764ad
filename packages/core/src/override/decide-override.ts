import type { OverrideDocument } from './override-document.ts'
import { isCurrent } from './override-signature.ts'

/** How a model stands on the node that is to decide. */
export interface OverrideFacts {
  readonly nowMs: number
  /** Of the labels in effect; null: the model carries none. */
  readonly generation: number | null
  readonly live: number | null
  readonly previous: number | null
  /** Versions that could answer at once. */
  readonly available: readonly number[]
  /** The override that stands for the model at this generation. */
  readonly standing: { readonly id: string } | null
}

export type OverrideDecision =
  /** Carry it out. */
  | { readonly type: 'apply' }
  /** It was carried out before: say so again. */
  | { readonly type: 'standing' }
  | {
      readonly type: 'refused'
      readonly code: 'serving.override_invalid' | 'serving.override_refused'
      readonly message: string
    }

/**
 * Whether a node carries a signed override out. It must be of these minutes, made for the generation and the live version that are in effect,
 * and lead to the previous version, warm. So none can be played again: after it, or after any move of the plan, it fits no more.
 */
export function decideOverride(document: OverrideDocument, facts: OverrideFacts): OverrideDecision {
  const { model, generation, from, to } = document
  if (facts.standing?.id === document.id) return { type: 'standing' }
  if (!isCurrent(document.issuedAtMs, facts.nowMs)) {
    return {
      type: 'refused',
      code: 'serving.override_invalid',
      message: `The override of ${model} was not issued within the last 5 minutes, by the clock of this node.`,
    }
  }
  const refusal = whyNot(document, facts)
  if (refusal === null) return { type: 'apply' }
  return {
    type: 'refused',
    code: 'serving.override_refused',
    message: `${model} v${from} was not taken off for v${to} at generation ${generation}: ${refusal}.`,
  }
}

function whyNot({ generation, from, to }: OverrideDocument, facts: OverrideFacts): string | null {
  if (facts.generation !== generation) return `this node is at generation ${facts.generation ?? 'none'}`
  if (facts.standing !== null) return 'another override stands at this generation'
  if (facts.live !== from) {
    return facts.live === null ? 'nothing is live here' : `v${facts.live} is live here`
  }
  if (facts.previous === null) return 'there is no previous version here that is loaded'
  if (facts.previous !== to) return `the previous version here is v${facts.previous}`
  return facts.available.includes(to) ? null : `v${to} cannot answer at this moment`
}
