import type { RolloutView } from '@understudy/api/views'
import { expect, test } from 'vitest'
import { decisionChanges } from './decision-changes.ts'

const rollout = (over: Partial<RolloutView> = {}): RolloutView => ({
  id: 'r1',
  model: 'iris',
  kind: 'evidence',
  candidate: { number: 2, digest: 'a'.repeat(64) },
  baseline: { number: 1, digest: 'b'.repeat(64) },
  state: 'paused',
  step: 'approval',
  pauseReason: 'approval',
  reason: null,
  verdict: 'pass',
  startedAt: '2026-11-22T14:00:00Z',
  endedAt: null,
  commit: { hash: 'c'.repeat(40), subject: 's', authorName: 'n', at: '2026-11-22T14:00:00Z' },
  steps: [],
  analysis: null,
  seen: { rolloutId: 'r1', candidateDigest: 'a', baselineDigest: 'b', policyHash: '5e0b71aa00' },
  canaryPercent: null,
  canaryWeights: [],
  bakeSeconds: 0,
  deadlineAt: null,
  frozenUntil: null,
  promotedNow: null,
  approvals: [],
  approvalGroups: [],
  variant: null,
  approvalsRequired: 1,
  approvedBy: [],
  examples: [],
  traceId: null,
  may: {
    approve: { allowed: true, because: '' },
    reject: { allowed: true, because: '' },
    retry: { allowed: false, because: '' },
    abort: { allowed: true, because: '' },
    pause: { allowed: true, because: '' },
    resume: { allowed: false, because: '' },
    promoteNow: { allowed: false, because: '' },
  },
  ...over,
})

test('says nothing while only counters grow', () => {
  const analysis = {
    outcome: 'pass' as const,
    summary: '',
    pairs: 900,
    minPairs: 500,
    admitted: 900,
    lost: 0,
    attempt: 1,
    secondsToDecision: null,
    steps: [],
    segments: [],
    flips: [],
    calibration: null,
    coverage: null,
    gates: [],
    updatedAt: null,
  }
  expect(decisionChanges(rollout(), rollout({ analysis }))).toEqual([])
})

test('names a changed policy and the new rollout it began', () => {
  const now = rollout({
    id: 'r2',
    state: 'progressing',
    step: 'shadow',
    pauseReason: null,
    verdict: null,
    seen: { ...rollout().seen, rolloutId: 'r2', policyHash: '77c19d0300' },
  })
  expect(decisionChanges(rollout(), now)).toEqual([
    { name: 'Policy', was: '5e0b71aa', now: '77c19d03' },
    { name: 'Verdict', was: 'Pass', now: 'Collecting' },
    { name: 'Rollout', was: 'Needs approval', now: 'a new one, progressing' },
  ])
})

test('names a candidate of other bytes under the same number', () => {
  const now = rollout({ candidate: { number: 2, digest: 'd'.repeat(64) } })
  expect(decisionChanges(rollout(), now)).toEqual([
    { name: 'Candidate', was: 'v2 aaaaaaaa', now: 'v2 dddddddd' },
  ])
})

test('names what somebody else decided meanwhile', () => {
  const now = rollout({ state: 'succeeded', pauseReason: null, endedAt: '2026-11-22T14:05:00Z' })
  expect(decisionChanges(rollout(), now)).toEqual([
    { name: 'Rollout', was: 'Needs approval', now: 'Succeeded' },
  ])
})
