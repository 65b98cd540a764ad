import { describe, expect, it } from 'vitest'
import type { AspiredVersionPolicy, ServableStateSnapshot } from './aspired-version-policy.ts'
import { availabilityPreservingPolicy } from './availability-preserving-policy.ts'
import { HARNESS_STATES, type HarnessState } from './harness-state.ts'
import { resourcePreservingPolicy } from './resource-preserving-policy.ts'

/** `3 ready aspired labelled`: number, state, flags. */
function versions(...texts: readonly string[]): readonly ServableStateSnapshot[] {
  return texts.map((text) => {
    const [version, state, ...flags] = text.split(' ')
    return {
      id: { name: 'iris', version: Number(version) },
      state: state as HarnessState,
      aspired: flags.includes('aspired'),
      labelled: flags.includes('labelled'),
    }
  })
}

function answer(policy: AspiredVersionPolicy, ...texts: readonly string[]): string | null {
  const action = policy.nextAction(versions(...texts))
  return action && `${action.type} ${action.id.version}`
}

describe('availabilityPreservingPolicy', () => {
  const table: readonly (readonly [string, readonly string[], string | null])[] = [
    ['does nothing without versions', [], null],
    ['does nothing when all is as aspired', ['1 ready aspired'], null],
    ['loads what is new', ['1 new aspired'], 'load 1'],
    ['loads in the order of aspiration', ['2 new aspired', '3 new aspired', '1 new aspired'], 'load 2'],
    ['loads the new one while the old one serves', ['2 new aspired', '1 ready'], 'load 2'],
    ['keeps the old one while the new one loads', ['2 loading aspired', '1 ready'], null],
    ['keeps the old one while the new one warms up', ['2 warming aspired', '1 ready'], null],
    ['keeps the old one when the new one is in error', ['2 error aspired', '1 ready'], null],
    ['unloads the old one once a new one is ready', ['2 ready aspired', '1 ready'], 'unload 1'],
    ['keeps an old one that carries a label', ['2 ready aspired', '1 ready labelled'], null],
    [
      'keeps a labelled old one and loads meanwhile',
      ['2 ready aspired', '3 new aspired', '1 ready labelled'],
      'load 3',
    ],
    ['unloads the lowest number first', ['9 ready aspired', '5 ready', '3 ready', '4 ready'], 'unload 3'],
    ['unloads before it loads', ['3 ready aspired', '4 new aspired', '1 ready'], 'unload 1'],
    ['unloads everything when nothing is aspired', ['2 ready', '1 ready'], 'unload 1'],
    ['keeps a labelled version also when nothing is aspired', ['1 ready labelled'], null],
    ['leaves alone what is on its way out', ['2 ready aspired', '1 quiescing'], null],
    ['never unloads what is aspired', ['1 ready aspired', '2 ready aspired'], null],
  ]
  it.each(table)('%s', (_guarantee, given, expected) => {
    expect(answer(availabilityPreservingPolicy, ...given)).toBe(expected)
  })
})

describe('resourcePreservingPolicy', () => {
  const table: readonly (readonly [string, readonly string[], string | null])[] = [
    ['does nothing without versions', [], null],
    ['loads what is new', ['1 new aspired'], 'load 1'],
    ['unloads the old one before it loads the new one', ['2 new aspired', '1 ready'], 'unload 1'],
    ['unloads an old one even when it carries a label', ['2 new aspired', '1 ready labelled'], 'unload 1'],
    ['waits until the old one is gone', ['2 new aspired', '1 quiescing'], null],
    ['waits while the old one unloads', ['2 new aspired', '1 unloading'], null],
    ['loads in the order of aspiration', ['5 new aspired', '4 new aspired'], 'load 5'],
    ['never unloads what is aspired', ['1 ready aspired', '2 ready aspired'], null],
  ]
  it.each(table)('%s', (_guarantee, given, expected) => {
    expect(answer(resourcePreservingPolicy, ...given)).toBe(expected)
  })
})

describe.each([
  ['availabilityPreservingPolicy', availabilityPreservingPolicy],
  ['resourcePreservingPolicy', resourcePreservingPolicy],
])('%s, over all pairs of states', (_name, policy) => {
  const flags = ['', ' aspired', ' labelled', ' aspired labelled']
  const one = HARNESS_STATES.flatMap((state) => flags.map((flag) => `1 ${state}${flag}`))
  const two = HARNESS_STATES.flatMap((state) => flags.map((flag) => `2 ${state}${flag}`))
  const all = one.flatMap((first) => two.map((second) => versions(first, second)))

  it('loads only what is new and aspired, unloads only what is ready and not aspired', () => {
    for (const given of all) {
      const action = policy.nextAction(given)
      const target = given.find((version) => version.id.version === action?.id.version)
      if (action?.type === 'load') expect(target).toMatchObject({ state: 'new', aspired: true })
      if (action?.type === 'unload') expect(target).toMatchObject({ state: 'ready', aspired: false })
    }
  })

  it('gives the same answer when asked again', () => {
    for (const given of all) expect(policy.nextAction(given)).toEqual(policy.nextAction(given))
  })
})
