import { describe, expect, it } from 'vitest'
import type { AspiredVersionPolicy, ServableStateSnapshot } from './aspired-version-policy.ts'
import { availabilityPreservingPolicy } from './availability-preserving-policy.ts'
import { HARNESS_STATES, type HarnessState } from './harness-state.ts'
import { resourcePreservingPolicy } from './resource-preserving-policy.ts'

/** `3 ready aspired labelled live holds=6`: number, state, flags, role, memory held and missing. */
function versions(...texts: readonly string[]): readonly ServableStateSnapshot[] {
  return texts.map((text) => {
    const [version, state, ...flags] = text.split(' ')
    return {
      id: { name: 'iris', version: Number(version) },
      state: state as HarnessState,
      aspired: flags.includes('aspired'),
      labelled: flags.includes('labelled'),
      role: flags.includes('live') ? 'live' : flags.includes('rollout') ? 'rollout' : 'idle',
      promised: flags.includes('promised') || flags.includes('live'),
      memoryBytes: numberOf('holds', flags),
      missingBytes: numberOf('lacks', flags),
    }
  })
}

function numberOf(name: string, flags: readonly string[]): number {
  const flag = flags.find((one) => one.startsWith(`${name}=`))
  return flag === undefined ? 0 : Number(flag.slice(name.length + 1))
}

function answer(policy: AspiredVersionPolicy, ...texts: readonly string[]): string | null {
  const action = policy.nextAction(versions(...texts))
  if (action === null) return null
  const inFavour = action.inFavourOf === undefined ? '' : ` for ${action.inFavourOf.version}`
  return `${action.type} ${action.id.version}${inFavour}`
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
    ['loads the new one beside the old one while both fit', ['2 new aspired', '1 ready labelled'], 'load 2'],
    [
      'unloads the old one, label or not, when the new one does not fit',
      ['2 loadRequested aspired lacks=4', '1 ready labelled live holds=6'],
      'unload 1 for 2',
    ],
    [
      'takes the memory of live for a version that is about to take its place',
      ['1 ready aspired labelled live holds=6', '2 error aspired lacks=4'],
      'unload 1 for 2',
    ],
    [
      'takes the memory of previous before that of live',
      [
        '2 ready aspired labelled live holds=6',
        '1 ready aspired labelled promised holds=6',
        '3 error aspired lacks=4',
      ],
      'unload 1 for 3',
    ],
    [
      'never takes the memory of live for a version that is compared with it',
      ['1 ready aspired labelled live holds=6', '2 error aspired rollout lacks=4'],
      null,
    ],
    [
      'never takes the memory of live for previous',
      ['2 ready aspired labelled live holds=6', '1 error aspired promised lacks=4'],
      null,
    ],
    [
      'unloads nothing when that would not be enough',
      ['1 ready aspired labelled live holds=6', '2 error aspired lacks=7'],
      null,
    ],
    [
      'waits for what leaves already before it unloads more',
      ['2 error aspired lacks=4', '1 ready aspired holds=6', '3 quiescing holds=6'],
      null,
    ],
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
