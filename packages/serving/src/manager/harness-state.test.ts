import { SERVABLE_STATES } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { canTransition, HARNESS_STATES, type HarnessState, toServableState } from './harness-state.ts'

const LIFE: readonly HarnessState[] = [
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
]

/** Allowed besides the straight line and the way into `error`. */
const SHORTCUTS: readonly (readonly [HarnessState, HarnessState, string])[] = [
  ['new', 'disabled', 'never loaded'],
  ['loadRequested', 'loadRequested', 'the reservation failed, next attempt'],
  ['loading', 'loadRequested', 'the load failed, next attempt'],
  ['warming', 'loadRequested', 'the warm-up failed, next attempt'],
  ['loadRequested', 'unloading', 'cancelled'],
  ['loading', 'unloading', 'cancelled'],
  ['warming', 'unloading', 'cancelled'],
]

function isAllowed(from: HarnessState, to: HarnessState): boolean {
  if (to === 'error') return from !== 'disabled' && from !== 'error'
  const next = LIFE[LIFE.indexOf(from) + 1]
  return (from !== 'error' && next === to) || SHORTCUTS.some(([a, b]) => a === from && b === to)
}

describe('harness states', () => {
  const pairs = HARNESS_STATES.flatMap((from) => HARNESS_STATES.map((to) => [from, to] as const))

  it.each(pairs)('%s -> %s is allowed only as the table of the design says', (from, to) => {
    expect(canTransition(from, to)).toBe(isAllowed(from, to))
  })

  it('shows no state to the outside that the platform has no name for', () => {
    for (const state of HARNESS_STATES) expect(SERVABLE_STATES).toContain(toServableState(state))
  })

  it('calls a version available in exactly one state', () => {
    expect(HARNESS_STATES.filter((state) => toServableState(state) === 'available')).toEqual(['ready'])
  })
})
