import { describe, expect, it } from 'vitest'
import { mirrorPlan } from '../test-support/plans.ts'
import { decideRole } from './decide-role.ts'

const effect = (live: number) => ({ labels: new Map([['live', live]]), generation: 1 })
const mirror = mirrorPlan({ baseline: 1, candidate: 2 })

describe('decideRole', () => {
  it.each([
    [
      'live by the plan before the label is there',
      1,
      { labels: { live: 1 }, mirror: null },
      undefined,
      'live',
    ],
    [
      'live while the label is there, whatever the plan',
      1,
      { labels: { live: 2 }, mirror: null },
      effect(1),
      'live',
    ],
    ['live when it is about to be', 2, { labels: { live: 2 }, mirror: null }, effect(1), 'live'],
    [
      'idle after the label has moved on',
      1,
      { labels: { live: 2, previous: 1 }, mirror: null },
      effect(2),
      'idle',
    ],
    ['rollout while it is tried', 2, { labels: { live: 1 }, mirror }, effect(1), 'rollout'],
    ['live while another is tried', 1, { labels: { live: 1 }, mirror }, effect(1), 'live'],
    [
      'rollout when it is loaded ahead of one',
      2,
      { labels: { live: 1 }, mirror: null },
      effect(1),
      'rollout',
    ],
    ['idle when nothing is known of it', 3, undefined, undefined, 'idle'],
  ] as const)('%s', (_case, version, plan, inEffect, expected) => {
    expect(decideRole(version, plan, inEffect)).toBe(expected)
  })
})
