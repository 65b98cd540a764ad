import type { ServableState } from '@understudy/core'

/** States of a loader harness, in the order in which a version lives through them. */
export const HARNESS_STATES = [
  'new',
  'loadRequested',
  'loadApproved',
  'loading',
  'warming',
  'ready',
  'unloadRequested',
  'quiescing',
  'quiesced',
  'unloading',
  'disabled',
  'error',
] as const
export type HarnessState = (typeof HARNESS_STATES)[number]

/**
 * Every step a harness may take; what is not here is impossible.
 *
 * Back to `loadRequested`: the next attempt after a failure that may pass. Straight to `unloading` before `ready`: the load was
 * cancelled, nobody ever held a handle, so there is nothing to drain.
 */
const TRANSITIONS = {
  new: ['loadRequested', 'disabled', 'error'],
  loadRequested: ['loadRequested', 'loadApproved', 'unloading', 'error'],
  loadApproved: ['loading', 'error'],
  loading: ['warming', 'loadRequested', 'unloading', 'error'],
  warming: ['ready', 'loadRequested', 'unloading', 'error'],
  ready: ['unloadRequested', 'error'],
  unloadRequested: ['quiescing', 'error'],
  quiescing: ['quiesced', 'error'],
  quiesced: ['unloading', 'error'],
  unloading: ['disabled', 'error'],
  disabled: [],
  error: [],
} as const satisfies Record<HarnessState, readonly HarnessState[]>

const PUBLIC_STATE = {
  new: 'start',
  loadRequested: 'start',
  loadApproved: 'start',
  loading: 'loading',
  warming: 'warming',
  ready: 'available',
  unloadRequested: 'unloading',
  quiescing: 'unloading',
  quiesced: 'unloading',
  unloading: 'unloading',
  disabled: 'end',
  error: 'error',
} as const satisfies Record<HarnessState, ServableState>

export function canTransition(from: HarnessState, to: HarnessState): boolean {
  return (TRANSITIONS[from] as readonly HarnessState[]).includes(to)
}

/** What the world outside the manager calls this state. */
export function toServableState(state: HarnessState): ServableState {
  return PUBLIC_STATE[state]
}
