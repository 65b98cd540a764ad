import { describe, expect, it } from 'vitest'
import { mirrorPlan } from '../test-support/plans.ts'
import { decidePlaceRole, decideRole } from './decide-role.ts'

const effect = (live: number) => ({ labels: new Map([['live', live]]), generation: 1 })
const mirror = mirrorPlan({ baseline: 1, candidate: 2 })
const canary = mirrorPlan({ step: 'canary-5', candidateShare: 0.05 })
const bake = mirrorPlan({ step: 'bake', candidateShare: 1 })

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
    ['canary while it answers some', 2, { labels: { live: 1 }, mirror: canary }, effect(1), 'canary'],
    ['canary through its bake', 2, { labels: { live: 2 }, mirror: bake }, effect(2), 'canary'],
    [
      'live while it may step in for what took its place',
      1,
      { labels: { live: 2, previous: 1 }, mirror: bake },
      effect(2),
      'live',
    ],
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

describe('decidePlaceRole', () => {
  it.each([
    ['a candidate takes no memory of live while it is compared', 2, { live: 1 }, mirror, 'rollout'],
    ['nor in canary', 2, { live: 1 }, canary, 'rollout'],
    ['a candidate that is live is worth what live is', 2, { live: 2, previous: 1 }, bake, 'live'],
    ['its baseline is worth a previous version', 1, { live: 2, previous: 1 }, bake, 'idle'],
    ['a baseline that is live is live', 1, { live: 1 }, canary, 'live'],
    ['a version ahead of its rollout may be one that goes live at once', 2, { live: 1 }, null, 'idle'],
  ] as const)('%s', (_case, version, labels, plan, expected) => {
    const model = { labels, mirror: plan }
    const role = decideRole(version, model, undefined)
    expect(decidePlaceRole(version, model, role)).toBe(expected)
  })
})
