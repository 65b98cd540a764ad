import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { NodeReport } from '../rollouts/rollout-facts.ts'
import { areSameLabels, decideUserLabels } from './decide-user-labels.ts'
import type { LabelledVersion, UserLabelsInput } from './user-labels.ts'

function node(name: string, state: NodeReport['state'], detail: string | null = null): NodeReport {
  return { node: name, joinedAtMs: 0, state, detail }
}

function version(number: number, changes: Partial<LabelledVersion> = {}): LabelledVersion {
  return {
    ...{ number, digest: `digest-${number}`, state: 'validated', reason: null },
    ...{ atTip: true, standing: 'untried', nodes: [node('a', 'available'), node('b', 'available')] },
    ...changes,
  }
}

const LOADING = { nodes: [node('a', 'available'), node('b', 'pending')] }

interface Case {
  readonly given: Partial<UserLabelsInput>
  readonly labels: object
  readonly loaded: readonly number[]
  /** `<label>: <detail>`, with a mark where it only waits. */
  readonly notes?: readonly string[]
}

const STABLE_2 = { wanted: { stable: 2 } }
const FROM_1 = { ...STABLE_2, carried: { stable: 1 } }

const CASES: Readonly<Record<string, Case>> = {
  'points to a version that every node has': { given: STABLE_2, labels: { stable: 2 }, loaded: [2] },
  'moves from one version to another by one step': { given: FROM_1, labels: { stable: 2 }, loaded: [2] },
  'points to several versions, of which one may have several labels': {
    given: { wanted: { a: 1, b: 2, c: 2 } },
    labels: { a: 1, b: 2, c: 2 },
    loaded: [1, 2],
  },
  'goes when nobody wants it any more': { given: { carried: { stable: 1 } }, labels: {}, loaded: [] },
  'waits for the last node, and stays where it is meanwhile': {
    given: { ...FROM_1, versions: [version(1), version(2, LOADING)] },
    labels: { stable: 1 },
    loaded: [1, 2],
    notes: ['stable: v2 is being loaded on b …'],
  },
  'waits while a node cannot load it': {
    given: { ...STABLE_2, versions: [version(2, { nodes: [node('a', 'error', 'no memory')] })] },
    labels: {},
    loaded: [2],
    notes: ['stable: v2 does not load on a: no memory …'],
  },
  'waits for a node': {
    given: { ...STABLE_2, versions: [version(2, { nodes: [] })] },
    labels: {},
    loaded: [2],
    notes: ['stable: v2 waits for a serving node …'],
  },
  'waits for validation, for which nothing is loaded': {
    given: { ...FROM_1, versions: [version(1), version(2, { state: 'validating' })] },
    labels: { stable: 1 },
    loaded: [1],
    notes: ['stable: v2 is being validated …'],
  },
  'does not move to a rejected version': {
    given: { ...FROM_1, versions: [version(1), version(2, { state: 'rejected', reason: 'not a model' })] },
    labels: { stable: 1 },
    loaded: [1],
    notes: ['stable: v2 was rejected: not a model'],
  },
  'does not move to a withdrawn version': {
    given: { ...FROM_1, versions: [version(1), version(2, { standing: 'withdrawn' })] },
    labels: { stable: 1 },
    loaded: [1],
    notes: ['stable: v2 is withdrawn'],
  },
  'does not move to a version that there is not': {
    given: { ...FROM_1, versions: [version(1)] },
    labels: { stable: 1 },
    loaded: [1],
    notes: ['stable: v2 is not in Git'],
  },
  'does not move to a version that left Git': {
    given: { ...FROM_1, versions: [version(1), version(2, { atTip: false })] },
    labels: { stable: 1 },
    loaded: [1],
    notes: ['stable: v2 is no longer in Git'],
  },
  'moves to a version that failed its rollout: it answers only who asks for it': {
    given: { ...STABLE_2, versions: [version(2, { standing: 'failed' })] },
    labels: { stable: 2 },
    loaded: [2],
  },
  'holds its version also when that left Git, or a node lost it': {
    given: { ...STABLE_2, carried: { stable: 2 }, versions: [version(2, { atTip: false, ...LOADING })] },
    labels: { stable: 2 },
    loaded: [2],
  },
  'is taken from a version that was withdrawn meanwhile': {
    given: { ...STABLE_2, carried: { stable: 2 }, versions: [version(2, { standing: 'withdrawn' })] },
    labels: {},
    loaded: [],
    notes: ['stable: v2 is withdrawn'],
  },
}

describe("a label of the user's own", () => {
  it.each(Object.entries(CASES))('%s', (_, { given, labels, loaded, notes = [] }) => {
    const versions = [version(1), version(2)]
    const decision = decideUserLabels({ wanted: {}, carried: {}, versions, ...given })
    expect(decision.labels).toEqual(labels)
    expect(decision.loaded).toEqual(loaded)
    const said = decision.notes.map((note) => `${note.label}: ${note.detail}${note.refused ? '' : ' …'}`)
    expect(said).toEqual(notes)
  })

  it('moves only to what may carry it, keeps what it points to loaded, and comes to rest at once', () => {
    const number = fc.integer({ min: 1, max: 4 })
    const some = fc.dictionary(fc.constantFrom('a', 'b', 'c'), number)
    const aVersion = fc.record({
      number,
      state: fc.constantFrom('validated' as const, 'rejected' as const, 'validating' as const),
      standing: fc.constantFrom('untried' as const, 'failed' as const, 'withdrawn' as const),
      atTip: fc.boolean(),
      nodes: fc.array(fc.constantFrom(node('a', 'available'), node('b', 'pending'), node('c', 'error'))),
    })
    const versions = fc.uniqueArray(aVersion, { selector: (one) => one.number })
    fc.assert(
      fc.property(some, some, versions, (wanted, carried, rows) => {
        const input = { wanted, carried, versions: rows.map((row) => version(row.number, row)) }
        const { labels, loaded } = decideUserLabels(input)
        for (const [label, at] of Object.entries(labels)) {
          const target = input.versions.find((one) => one.number === at)
          expect(loaded).toContain(at)
          expect(wanted).toHaveProperty(label)
          expect(target?.standing).not.toBe('withdrawn')
          if (carried[label] !== at) {
            expect(target?.state).toBe('validated')
            expect(target?.nodes.map(({ state }) => state)).toEqual(target?.nodes.map(() => 'available'))
            expect(target?.nodes.length).toBeGreaterThan(0)
          }
        }
        const again = decideUserLabels({ ...input, carried: labels })
        expect(areSameLabels(again.labels, labels)).toBe(true)
        expect(again.loaded).toEqual(loaded)
      }),
    )
  })
})
