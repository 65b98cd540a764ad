import type { ServableRole } from '@understudy/serving'
import type { ModelForm } from '../frames/frame.ts'

/** Below it a copy costs neither time nor memory worth a change of form. */
export const MAP_FROM_BYTES = 4 * 1024 * 1024

export interface FormFacts {
  readonly role: ServableRole
  readonly batchable: boolean
  readonly weightsBytes: number
  /** The weights lie in a page-aligned file of their own. */
  readonly mappable: boolean
}

/** Prepacked is faster only for batches, and costs a copy of the weights and a slow load: it is for batched versions that answer clients. */
export function decideForm({ role, batchable, weightsBytes, mappable }: FormFacts): ModelForm {
  if (!mappable || weightsBytes < MAP_FROM_BYTES) return 'prepacked'
  const answersClients = role === 'live' || role === 'canary'
  return answersClients && batchable ? 'prepacked' : 'mapped'
}

/** The form in which a version can be had soonest: on its first load, and after a loss. */
export function decideFirstForm(facts: Pick<FormFacts, 'weightsBytes' | 'mappable'>): ModelForm {
  return decideForm({ ...facts, role: 'idle', batchable: false })
}
