import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assessApprovals } from './assess-approvals.ts'
import { describeApprovals } from './describe-approvals.ts'
import { approvalOf, facts, NOW, ofKind, policy, record } from './rollout.fixture.ts'
import type { Approval, RolloutFacts } from './rollout-facts.ts'

const TWO_OF_ALL = policy('{approval: {required: 2}}')
const NO_SELF = policy('{approval: {required: 1, selfApprove: false}}')
const GROUPS = policy(
  '{approval: {required: 2, groups: [{name: risk, members: [bo, cy]}, {name: ops, members: [di, cy], required: 1}]}}',
)

function assess(approvals: readonly Approval[], changes: Partial<RolloutFacts> = {}) {
  return assessApprovals(record('approval'), facts({ approvals, ...changes }))
}

const by = (...actors: string[]) => actors.map((actor) => approvalOf(actor))

describe('assessApprovals', () => {
  it('counts people, not approvals', () => {
    expect(assess(by('ada', 'ada'), { policy: TWO_OF_ALL })).toMatchObject({
      suffices: false,
      counted: ['ada'],
      required: 2,
    })
    expect(assess(by('ada', 'bo'), { policy: TWO_OF_ALL }).suffices).toBe(true)
  })

  it.each<[string, Partial<Approval>]>([
    ['another candidate', { candidateDigest: 'digest-3' }],
    ['another baseline', { baselineDigest: 'digest-9' }],
    ['no baseline', { baselineDigest: null }],
    ['another policy', { policyHash: 'other' }],
    ['a time that is over', { expiresAtMs: NOW }],
  ])('does not count what is bound to %s', (_, changes) => {
    expect(assess([approvalOf('ada', changes)]).suffices).toBe(false)
    expect(assess([approvalOf('ada')]).suffices).toBe(true)
  })

  it('counts under a hold only what was given under it, and asks for one where none is required', () => {
    const automatic = { policy: policy('{approval: {required: 0}}') }
    expect(assess([], automatic)).toMatchObject({ suffices: true, required: 0 })
    const held = { ...automatic, heldSinceMs: NOW }
    expect(assess([], held)).toMatchObject({ suffices: false, required: 1 })
    expect(assess([approvalOf('ada', { atMs: NOW - 1 })], held).suffices).toBe(false)
    expect(assess(by('ada'), held).suffices).toBe(true)
  })

  it('takes nobody who pushed the version where self-approval is refused', () => {
    const self = { policy: NO_SELF, pusher: 'ada' }
    expect(assess(by('ada'), self)).toMatchObject({ suffices: false, counted: [], selfApproval: 'ada' })
    expect(assess(by('ada', 'bo'), self)).toMatchObject({ suffices: true, counted: ['bo'] })
    expect(assess(by('ada'), { pusher: 'ada' })).toMatchObject({ suffices: true, selfApproval: null })
  })

  it('asks for two people where nobody is proved to have pushed the version', () => {
    expect(assess(by('ada'), { policy: NO_SELF })).toMatchObject({
      suffices: false,
      required: 2,
      unverifiedPusher: true,
    })
    expect(assess(by('ada', 'bo'), { policy: NO_SELF }).suffices).toBe(true)
  })

  it('asks for nobody where approval is automatic, whoever pushed', () => {
    expect(assess([], { policy: policy('{approval: {required: 0, selfApprove: false}}') })).toMatchObject({
      suffices: true,
      required: 0,
      unverifiedPusher: false,
    })
  })

  it('asks every group for its members, of whom one may stand for several', () => {
    expect(assess(by('ada', 'bo'), { policy: GROUPS })).toMatchObject({
      suffices: false,
      groups: [
        { name: 'risk', counted: 1, required: 1 },
        { name: 'ops', counted: 0, required: 1 },
      ],
    })
    expect(assess(by('bo', 'di'), { policy: GROUPS }).suffices).toBe(true)
    expect(assess(by('cy'), { policy: GROUPS }).suffices).toBe(false)
    expect(assess(by('cy', 'ada'), { policy: GROUPS }).suffices).toBe(true)
  })

  it('takes one local user for all that is required, as there is no login, and says so', () => {
    const needs = { policy: GROUPS, pusher: 'local:ada' }
    const assessment = assess(by('local:ada'), needs)
    expect(assessment).toMatchObject({ suffices: true, sufficedByLocal: true })
    expect(describeApprovals(assessment)).toBe(
      'approved by local:ada; the policy asks for 2, 1 of risk and 1 of ops, but there is no login yet',
    )
    expect(assess(by('ada:local:'), needs).suffices).toBe(false)
  })

  it('says nothing of the missing login where one approval is what the policy asks for', () => {
    const assessment = assess(by('local:ada'))
    expect(assessment).toMatchObject({ suffices: true, sufficedByLocal: false })
    expect(describeApprovals(assessment)).toBe('approved by local:ada')
    expect(describeApprovals(assess([]))).toBeNull()
  })

  it('takes a local user who pushed it where there is no login, and names them', () => {
    const assessment = assess(by('local:ada'), { policy: NO_SELF, pusher: 'local:ada' })
    expect(assessment).toMatchObject({ suffices: true, sufficedByLocal: true, counted: [] })
    expect(describeApprovals(assessment)).toContain('approved by local:ada')
  })

  it('requires nothing of a version that is not judged, save under a hold', () => {
    const first = ofKind('held', 'first')
    const approvals = [approvalOf('ada', { baselineDigest: null })]
    expect(assessApprovals(first, facts({ live: null, policy: GROUPS })).suffices).toBe(true)
    const held = facts({ live: null, policy: GROUPS, heldSinceMs: NOW })
    expect(assessApprovals(first, held).suffices).toBe(false)
    expect(assessApprovals(first, { ...held, approvals }).suffices).toBe(true)
  })

  it('is never worth less for one more valid approval, and never counts anyone twice', () => {
    const actor = fc.constantFrom('ada', 'bo', 'cy', 'di', 'local:ada')
    const policies = fc.constantFrom(TWO_OF_ALL, NO_SELF, GROUPS)
    const pusher = fc.constantFrom(null, 'ada', 'bo')
    fc.assert(
      fc.property(fc.array(actor, { maxLength: 5 }), actor, policies, pusher, (given, more, one, who) => {
        const situation = { policy: one, pusher: who }
        const before = assess(by(...given), situation)
        const after = assess(by(...given, more), situation)
        expect(new Set(after.counted).size).toBe(after.counted.length)
        if (before.suffices) expect(after.suffices).toBe(true)
      }),
    )
  })
})
