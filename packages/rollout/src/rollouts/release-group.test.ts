import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideRollout, isReadyToCommit } from './decide-rollout.ts'
import { APPROVED, FAIL, facts, HOLD, NOW, node, PASS, type PositionName, record } from './rollout.fixture.ts'
import type { RolloutFacts } from './rollout-facts.ts'

const GOOD = { ...PASS, ...APPROVED }
const position = fc.constantFrom<PositionName>(
  'promoting',
  'promoting',
  'promoting',
  'promoting',
  'shadow',
  'approval',
)
const condition = fc.constantFrom<Partial<RolloutFacts>>(
  GOOD,
  GOOD,
  GOOD,
  GOOD,
  { ...GOOD, nodes: [node('pending')] },
  { ...GOOD, nodes: [] },
  { ...GOOD, frozenUntilMs: NOW + 1 },
  { ...GOOD, policyHash: 'other' },
  { ...PASS, ...HOLD },
  PASS,
  FAIL,
)
const member = fc.record({ position, condition })

describe('a release', () => {
  it('goes live with all of its members or with none', () => {
    const seen = new Set<boolean>()
    fc.assert(
      fc.property(fc.array(member, { minLength: 1, maxLength: 4 }), (group) => {
        const members = group.map(({ position: at, condition: given }, index) => ({
          model: `model-${index}`,
          rollout: record(at, { model: `model-${index}` }),
          facts: facts(given),
        }))
        const waitingFor = members
          .filter((one) => !isReadyToCommit(one.rollout, one.facts))
          .map(({ model }) => model)
        const release = { name: 'spring', waitingFor }
        const committed = members.filter(
          (one) => decideRollout(one.rollout, { ...one.facts, release })?.effect === 'promote',
        )
        expect([0, members.length]).toContain(committed.length)
        expect(committed.length > 0).toBe(waitingFor.length === 0)
        seen.add(committed.length > 0)
      }),
      { numRuns: 500 },
    )
    expect(seen.size).toBe(2)
  })
})
