import type { PairExampleView, RolloutView } from '@understudy/api/views'
import { analysisFrom } from './evidence.ts'
import { ago, commitOf, digestOf, ref } from './story-parts.ts'

const pair = (index: number, baseline: string, candidate: string, odds: string): PairExampleView => ({
  requestId: digestOf(`request ${index}`).slice(0, 26),
  at: ago(2 + index),
  baseline: { label: `"${baseline}"`, probabilities: `[${odds}]` },
  candidate: { label: `"${candidate}"`, probabilities: '[0.001, 0.412, 0.587]' },
  differing: baseline === candidate ? ['probabilities'] : ['label', 'probabilities'],
})

/** What else may be done about an open rollout of the story. */
const MAY_BESIDES = {
  abort: { allowed: true, because: '' },
  pause: { allowed: true, because: '' },
  resume: { allowed: false, because: 'It is not paused by a person.' },
  promoteNow: { allowed: false, because: 'It has a verdict.' },
} as const

export const IRIS_COMMIT = commitOf(
  'iris 2: gradient boosted trees in place of the regression',
  'Mara Lindqvist',
  ago(41),
)

export function irisRollout(): RolloutView {
  return {
    id: '6b1f6a52-6f0d-4c5b-9b0e-2f1d7c1c0a02',
    model: 'iris',
    kind: 'evidence',
    candidate: ref('iris', 2),
    baseline: ref('iris', 1),
    state: 'paused',
    step: 'approval',
    pauseReason: 'approval',
    reason: null,
    verdict: 'pass',
    startedAt: ago(40),
    endedAt: null,
    commit: IRIS_COMMIT,
    steps: [
      { step: 'validate', state: 'done', note: '1.8 s' },
      { step: 'load', state: 'done', note: '0.4 s' },
      { step: 'shadow', state: 'done', note: '38 min' },
      { step: 'approval', state: 'now', note: 'waits for you' },
      { step: 'promote', state: 'ahead', note: '' },
    ],
    analysis: analysisFrom({
      model: 'iris',
      candidate: 2,
      baseline: 1,
      errors: { nPlus: 0, nZero: 702, nMinus: 0 },
      disagreement: { nPlus: 14, nZero: 688, nMinus: 0 },
      budget: 0.05,
      minPairs: 500,
      lost: 1,
      updatedAt: ago(0.2),
    }),
    seen: {
      rolloutId: '6b1f6a52-6f0d-4c5b-9b0e-2f1d7c1c0a02',
      candidateDigest: digestOf('iris@2'),
      baselineDigest: digestOf('iris@1'),
      policyHash: digestOf('policy of iris'),
    },
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
    examples: [
      pair(1, 'versicolor', 'virginica', '0.002, 0.533, 0.465'),
      pair(2, 'versicolor', 'virginica', '0.004, 0.518, 0.478'),
      pair(4, 'versicolor', 'virginica', '0.001, 0.547, 0.452'),
    ],
    traceId: digestOf('trace').slice(0, 32),
    may: {
      approve: { allowed: true, because: '' },
      reject: { allowed: true, because: '' },
      retry: { allowed: false, because: 'v2 is not paused: there is nothing to retry.' },
      ...MAY_BESIDES,
    },
  }
}

export function digitsRollout(pairs: number): RolloutView {
  return {
    ...irisRollout(),
    id: '6b1f6a52-6f0d-4c5b-9b0e-2f1d7c1c0a03',
    model: 'digits',
    candidate: ref('digits', 3),
    baseline: ref('digits', 1),
    state: 'progressing',
    step: 'shadow',
    pauseReason: null,
    verdict: null,
    startedAt: ago(4),
    commit: commitOf('digits 3: two more channels', 'Chen Yu', ago(5)),
    steps: [
      { step: 'validate', state: 'done', note: '2.4 s' },
      { step: 'load', state: 'done', note: '0.7 s' },
      { step: 'shadow', state: 'now', note: `${pairs} of 500 pairs` },
      { step: 'approval', state: 'ahead', note: '' },
      { step: 'promote', state: 'ahead', note: '' },
    ],
    analysis: analysisFrom({
      model: 'digits',
      candidate: 3,
      baseline: 1,
      errors: { nPlus: 0, nZero: pairs, nMinus: 0 },
      disagreement: { nPlus: Math.round(pairs * 0.064), nZero: pairs - Math.round(pairs * 0.064), nMinus: 0 },
      flips: {
        certainty: {
          nPlus: Math.round(pairs * 0.05),
          nZero: pairs - Math.round(pairs * 0.06),
          nMinus: Math.round(pairs * 0.06) - Math.round(pairs * 0.05),
        },
      },
      budget: 0.05,
      minPairs: 500,
      lost: 0,
      updatedAt: ago(0.1),
    }),
    seen: {
      rolloutId: '6b1f6a52-6f0d-4c5b-9b0e-2f1d7c1c0a03',
      candidateDigest: digestOf('digits@3'),
      baselineDigest: digestOf('digits@1'),
      policyHash: digestOf('policy of digits'),
    },
    examples: [],
    may: {
      approve: { allowed: false, because: 'v3 has no verdict yet: it can be approved when it passed.' },
      reject: { allowed: true, because: '' },
      retry: { allowed: false, because: 'v3 is not paused: there is nothing to retry.' },
      ...MAY_BESIDES,
    },
  }
}
