import { describe, expect, it } from 'vitest'
import type { LabelMap } from '../manager/manager.ts'
import { decideLabels, type Readiness } from './decide-labels.ts'

const A: Readiness = 'available'
const P: Readiness = 'pending'
const F: Readiness = 'failed'

function current(labels: LabelMap, generation: number) {
  return { labels: new Map(Object.entries(labels)), generation }
}

interface Row {
  readonly guarantee: string
  readonly labels: LabelMap
  readonly generation: number
  readonly now: ReturnType<typeof current> | undefined
  readonly readiness: Readonly<Record<number, Readiness>>
  readonly expected: LabelMap | null
}

const TABLE: readonly Row[] = [
  {
    guarantee: 'moves all labels when every target is available',
    ...{
      labels: { live: 2, previous: 1 },
      generation: 5,
      now: current({ live: 1 }, 4),
      readiness: { 1: A, 2: A },
    },
    expected: { live: 2, previous: 1 },
  },
  {
    guarantee: 'keeps the old labels while the new live version loads',
    ...{
      labels: { live: 2, previous: 1 },
      generation: 5,
      now: current({ live: 1 }, 4),
      readiness: { 1: A, 2: P },
    },
    expected: null,
  },
  {
    guarantee: 'keeps the old labels when the new live version failed',
    ...{
      labels: { live: 2, previous: 1 },
      generation: 5,
      now: current({ live: 1 }, 4),
      readiness: { 1: A, 2: F },
    },
    expected: null,
  },
  {
    guarantee: 'goes back to the version before while a shadow still loads',
    ...{
      labels: { live: 1, shadow: 3 },
      generation: 5,
      now: current({ live: 2, previous: 1 }, 4),
      readiness: { 1: A, 2: A, 3: P },
    },
    expected: { live: 1 },
  },
  {
    guarantee: 'points to live while the canary still loads',
    ...{
      labels: { live: 2, canary: 3 },
      generation: 5,
      now: current({ live: 1 }, 4),
      readiness: { 1: A, 2: A, 3: P },
    },
    expected: { live: 2 },
  },
  {
    guarantee: 'points to the shadow as soon as it is available',
    ...{
      labels: { live: 1, shadow: 2 },
      generation: 4,
      now: current({ live: 1 }, 4),
      readiness: { 1: A, 2: A },
    },
    expected: { live: 1, shadow: 2 },
  },
  {
    guarantee: 'moves live without waiting for a label of the user, which comes when its version is there',
    ...{
      labels: { live: 2, stable: 3 },
      generation: 5,
      now: current({ live: 1 }, 4),
      readiness: { 1: A, 2: A, 3: P },
    },
    expected: { live: 2 },
  },
  {
    guarantee: 'leaves a label of the user where it is while its next version loads',
    ...{
      labels: { live: 2, stable: 3 },
      generation: 5,
      now: current({ live: 1, stable: 1 }, 4),
      readiness: { 1: A, 2: A, 3: P },
    },
    expected: { live: 2, stable: 1 },
  },
  {
    guarantee: 'then moves it within the same generation',
    ...{
      labels: { live: 2, stable: 3 },
      generation: 5,
      now: current({ live: 2, stable: 1 }, 5),
      readiness: { 1: A, 2: A, 3: A },
    },
    expected: { live: 2, stable: 3 },
  },
  {
    guarantee: 'takes a label of the user off a version that is gone',
    ...{
      labels: { live: 2, stable: 3 },
      generation: 5,
      now: current({ live: 2, stable: 1 }, 5),
      readiness: { 1: F, 2: A, 3: P },
    },
    expected: { live: 2 },
  },
  {
    guarantee: 'leaves out another target that failed',
    ...{
      labels: { live: 2, stable: 3 },
      generation: 5,
      now: current({ live: 1 }, 4),
      readiness: { 2: A, 3: F },
    },
    expected: { live: 2 },
  },
  {
    guarantee: 'rolls back at once, although the version that is previous then still loads',
    ...{
      labels: { live: 2, previous: 1 },
      generation: 6,
      now: current({ live: 3, previous: 2 }, 5),
      readiness: { 1: P, 2: A, 3: A },
    },
    expected: { live: 2 },
  },
  {
    guarantee: 'lets a starting node answer before its previous version is there',
    ...{ labels: { live: 2, previous: 1 }, generation: 5, now: undefined, readiness: { 1: P, 2: A } },
    expected: { live: 2 },
  },
  {
    guarantee: 'adds the previous version on a starting node when it comes',
    ...{
      labels: { live: 2, previous: 1 },
      generation: 5,
      now: current({ live: 2 }, 5),
      readiness: { 1: A, 2: A },
    },
    expected: { live: 2, previous: 1 },
  },
  {
    guarantee: 'sets no label on a starting node without its live version',
    ...{ labels: { live: 2, previous: 1 }, generation: 5, now: undefined, readiness: { 1: A, 2: P } },
    expected: null,
  },
  {
    guarantee: 'acknowledges a plan without labels',
    ...{ labels: {}, generation: 1, now: undefined, readiness: {} },
    expected: {},
  },
  {
    guarantee: 'does nothing when all is done',
    ...{ labels: { live: 1 }, generation: 4, now: current({ live: 1 }, 4), readiness: { 1: A } },
    expected: null,
  },
  {
    guarantee: 'acknowledges a new generation with the same labels',
    ...{ labels: { live: 1 }, generation: 5, now: current({ live: 1 }, 4), readiness: { 1: A } },
    expected: { live: 1 },
  },
  {
    guarantee: 'never goes back to an older generation',
    ...{ labels: { live: 1 }, generation: 4, now: current({ live: 2 }, 5), readiness: { 1: A, 2: A } },
    expected: null,
  },
]

describe('decideLabels', () => {
  it.each(TABLE)('$guarantee', ({ labels, generation, now, readiness, expected }) => {
    expect(decideLabels({ labels, generation }, now, (version) => readiness[version] ?? 'pending')).toEqual(
      expected,
    )
  })
})
