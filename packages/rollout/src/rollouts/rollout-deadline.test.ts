import { describe, expect, it } from 'vitest'
import { decideRollout } from './decide-rollout.ts'
import {
  APPROVED,
  BAKING,
  CANARY_POLICY,
  facts,
  HOLD,
  NOW,
  node,
  PASS,
  type PositionName,
  record,
} from './rollout.fixture.ts'
import { deadlineOf } from './rollout-deadline.ts'
import { DEFAULT_LIMITS, type RolloutFacts } from './rollout-facts.ts'

const { prepareTimeoutMs, promoteTimeoutMs } = DEFAULT_LIMITS
const { decisionTimeout, shadow, bake } = CANARY_POLICY
const BEHIND = { nodes: [node('available'), node('pending', { joinedAtMs: NOW + 7 })] }
const APART = { release: { name: 'spring', waitingFor: ['rose'] } }
const GOOD = {
  ...PASS,
  approvals: [{ ...APPROVED.approvals[0], expiresAtMs: Number.MAX_VALUE }],
} as Partial<RolloutFacts>

describe('deadlineOf', () => {
  it.each<[PositionName, Partial<RolloutFacts>, number]>([
    ['preparing', BEHIND, NOW + 7 + prepareTimeoutMs],
    ['preparing', { nodes: [] }, NOW + decisionTimeout],
    ['preparing', { nodes: [node('pending', { joinedAtMs: NOW + decisionTimeout })] }, NOW + decisionTimeout],
    ['shadow', {}, NOW + shadow.maxDuration],
    ['shadow', { analysis: null }, NOW + shadow.maxDuration],
    ['canary', PASS, NOW + shadow.maxDuration],
    ['approval', PASS, NOW + decisionTimeout],
    ['inconclusive', {}, NOW + decisionTimeout],
    ['inconclusiveCanary', PASS, NOW + decisionTimeout],
    ['noData', {}, NOW + decisionTimeout],
    ['promoting', { ...GOOD, ...BEHIND }, NOW + 7 + promoteTimeoutMs],
    ['promoting', { ...GOOD, nodes: [] }, NOW + promoteTimeoutMs],
    ['promoting', { ...GOOD, ...APART }, NOW + decisionTimeout],
    ['frozen', { ...PASS, frozenUntilMs: NOW + 99 }, NOW + 99],
    ['nodesLagging', { ...PASS, nodes: [node('pending')] }, NOW + decisionTimeout],
    ['nodesLagging', { ...PASS, nodes: [] }, NOW + decisionTimeout],
    ['bake', BAKING, NOW + bake],
  ])('is when %s, with %o, is left by itself, and not before', (name, changes, deadlineMs) => {
    const rollout = record(name)
    const at = (nowMs: number) => facts({ policy: CANARY_POLICY, ...changes, nowMs })
    expect(deadlineOf(rollout, at(NOW))).toBe(deadlineMs)
    expect(decideRollout(rollout, at(deadlineMs - 1))).toBeNull()
    expect(decideRollout(rollout, at(deadlineMs))).not.toBeNull()
  })

  it.each<[PositionName, Partial<RolloutFacts>]>([
    ['held', { ...PASS, ...HOLD }],
    ['heldPromoting', { ...PASS, ...HOLD }],
    ['pausedShadow', {}],
    ['pausedCanary', PASS],
  ])('is none for %s, which stands as long as its reason does', (name, changes) => {
    const given = facts({ policy: CANARY_POLICY, ...changes, nowMs: Number.MAX_SAFE_INTEGER })
    expect(deadlineOf(record(name), given)).toBeNull()
    expect(decideRollout(record(name), given)).toBeNull()
  })

  it('is none after the end', () => {
    const ended = { state: 'succeeded', step: 'bake', weightIndex: 1, reason: null } as const
    expect(deadlineOf(record(ended), facts())).toBeNull()
  })
})
