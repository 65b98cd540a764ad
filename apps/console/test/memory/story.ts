import type {
  AuditEntryView,
  CommitView,
  ModelView,
  PairExampleView,
  PromotionView,
  RolloutView,
  VersionRef,
  VersionView,
} from '@understudy/api/views'
import { sha256Hex } from '@understudy/core'
import { analysisFrom } from './evidence.ts'

export const digestOf = (name: string) => sha256Hex(new TextEncoder().encode(name))
export const MINUTE_MS = 60_000

/** The moment the story is told from; everything else is so long before it. */
export const ago = (minutes: number) => new Date(Date.now() - minutes * MINUTE_MS).toISOString()

const ref = (model: string, number: number): VersionRef => ({
  number,
  digest: digestOf(`${model}@${number}`),
})

export const commitOf = (subject: string, authorName: string, at: string): CommitView => ({
  hash: digestOf(subject).slice(0, 40),
  subject,
  authorName,
  at,
})

type VersionFacts = Partial<VersionView> & { readonly commit: CommitView }

export const versionOf = (model: string, number: number, facts: VersionFacts): VersionView => ({
  ...ref(model, number),
  state: 'validated',
  standing: 'untried',
  reason: null,
  labels: [],
  sizeBytes: 4_310,
  loadMs: 21,
  memoryBytes: 12_000_000,
  incidents: null,
  batchable: true,
  rollout: null,
  nodes: [],
  ...facts,
})

const warm = [{ node: 'serving-1', state: 'available', reason: null }] as const

const pair = (index: number, baseline: string, candidate: string, odds: string): PairExampleView => ({
  requestId: digestOf(`request ${index}`).slice(0, 26),
  at: ago(2 + index),
  baseline: { label: `"${baseline}"`, probabilities: `[${odds}]` },
  candidate: { label: `"${candidate}"`, probabilities: '[0.001, 0.412, 0.587]' },
  differing: baseline === candidate ? ['probabilities'] : ['label', 'probabilities'],
})

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
    },
  }
}

function promotion(
  generation: number,
  change: Partial<PromotionView> & { readonly to: number },
): PromotionView {
  return {
    generation,
    kind: 'evidence',
    from: null,
    actor: 'local:amara',
    reason: null,
    at: ago(600),
    ...change,
  }
}

const POLICY: ModelView['policy'] = [
  { name: 'Strategy', value: 'shadow', source: 'model.yaml' },
  { name: 'Trigger', value: 'push', source: 'default' },
  { name: 'Sample', value: '100 %', source: 'model.yaml' },
  { name: 'Least pairs', value: '500', source: 'model.yaml' },
  { name: 'Least time', value: '0 s', source: 'default' },
  { name: 'Longest time', value: '6 h', source: 'default' },
  { name: 'Errors', value: 'at most 1 pp more', source: 'model.yaml' },
  { name: 'Disagreement', value: 'at most 5 %', source: 'model.yaml' },
  { name: 'Approvals', value: '1', source: 'model.yaml' },
  { name: 'Batch size', value: '64', source: 'model.yaml' },
  { name: 'Deadline', value: '1 s', source: 'default' },
]

export function irisModel(): ModelView {
  const rollout = irisRollout()
  const first = commitOf('iris 1: logistic regression', 'Mara Lindqvist', ago(26_000))
  return {
    name: 'iris',
    description: 'Iris species from four measurements in centimetres',
    owners: ['team-flowers'],
    live: ref('iris', 1),
    previous: null,
    generation: 1,
    versions: [
      versionOf('iris', 2, {
        commit: IRIS_COMMIT,
        labels: ['shadow'],
        nodes: warm,
        sizeBytes: 184_200,
        rollout: { id: rollout.id, state: 'paused', verdict: 'pass', pairs: 702 },
      }),
      versionOf('iris', 1, {
        commit: first,
        standing: 'proven',
        labels: ['live'],
        nodes: warm,
        sizeBytes: 1_240,
      }),
    ],
    rollout,
    drift: { reason: 'rolloutRunning', detail: 'Git asks for v2; its rollout is running.', since: ago(41) },
    hold: null,
    policy: POLICY,
    policyHash: digestOf('policy of iris'),
    promotions: [promotion(1, { to: 1, kind: 'first', actor: 'controller', at: ago(25_990) })],
    problems: [],
    why: {
      sentence:
        'iris v2 passed its shadow and waits for your approval: `npx --no-install understudy approve iris`, or `npx --no-install understudy reject iris --reason "why"`.',
      command: 'npx --no-install understudy approve iris',
    },
    signature: {
      inputs: ['input: float32[-1, 4]'],
      outputs: ['label: string[-1]', 'probabilities: float32[-1, 3]'],
    },
  }
}

export function digitsModel(pairs: number): ModelView {
  const rollout = digitsRollout(pairs)
  return {
    ...irisModel(),
    name: 'digits',
    description: 'Handwritten digits, 8×8 pixels',
    owners: ['team-vision'],
    live: ref('digits', 1),
    generation: 3,
    versions: [
      versionOf('digits', 3, {
        commit: rollout.commit,
        labels: ['shadow'],
        nodes: warm,
        sizeBytes: 312_800,
        rollout: { id: rollout.id, state: 'progressing', verdict: null, pairs },
      }),
      versionOf('digits', 2, {
        commit: commitOf('digits 2: small convolutional network', 'Chen Yu', ago(4_400)),
        standing: 'withdrawn',
        reason: 'Rolled back by local:amara: it confuses 3 and 8 on the new scanner',
        sizeBytes: 208_100,
        rollout: {
          id: '6b1f6a52-6f0d-4c5b-9b0e-2f1d7c1c0a04',
          state: 'succeeded',
          verdict: 'pass',
          pairs: 1_180,
        },
      }),
      versionOf('digits', 1, {
        commit: commitOf('digits 1: linear', 'Chen Yu', ago(26_000)),
        standing: 'proven',
        labels: ['live'],
        nodes: warm,
        sizeBytes: 3_400,
      }),
    ],
    rollout,
    drift: { reason: 'heldByOperator', detail: 'Git asks for v3; local:amara holds v1.', since: ago(2_950) },
    hold: { actor: 'local:amara', reason: 'v2 confuses 3 and 8 on the new scanner', since: ago(2_950) },
    policyHash: digestOf('policy of digits'),
    promotions: [
      promotion(3, {
        kind: 'rollback',
        from: 2,
        to: 1,
        reason: 'it confuses 3 and 8 on the new scanner',
        at: ago(2_950),
      }),
      promotion(2, { from: 1, to: 2, reason: 'Flips look right', at: ago(4_300) }),
      promotion(1, { to: 1, kind: 'first', actor: 'controller', at: ago(25_990) }),
    ],
    why: {
      sentence:
        'digits v3 is in its shadow, under the hold of local:amara. Errors: decides when 500 pairs are counted.',
      command: 'npx --no-install understudy predict digits --golden --rate 50 --for 30s',
    },
    signature: {
      inputs: ['image: float32[-1, 1, 8, 8]'],
      outputs: ['label: int64[-1]', 'scores: float32[-1, 10]'],
    },
  }
}

export function churnModel(): ModelView {
  return {
    ...irisModel(),
    name: 'churn',
    description: 'Who leaves within 30 days',
    owners: ['team-growth'],
    live: ref('churn', 3),
    previous: ref('churn', 2),
    generation: 7,
    rollout: null,
    versions: [
      versionOf('churn', 4, {
        commit: commitOf('churn 4: move to 64 leaves \u202egpj.exe', 'Tomás Rivera', ago(190)),
        state: 'rejected',
        reason: 'Golden sample 7 of 24: `score` is 0.31, expected 0.94 ± 0.01.',
        sizeBytes: 4_400_000,
      }),
      versionOf('churn', 3, {
        commit: commitOf('churn 3: calibrate scores per country', 'Tomás Rivera', ago(7_000)),
        standing: 'proven',
        labels: ['live'],
        nodes: warm,
        sizeBytes: 4_100_000,
      }),
      versionOf('churn', 2, {
        commit: commitOf('churn 2: drop the velocity features', 'Tomás Rivera', ago(16_000)),
        standing: 'proven',
        labels: ['previous'],
        nodes: warm,
        sizeBytes: 3_600_000,
      }),
    ],
    drift: { reason: 'rejected', detail: 'Git asks for v4; it was rejected.', since: ago(190) },
    policyHash: digestOf('policy of churn'),
    promotions: [
      promotion(7, { from: 2, to: 3, reason: 'Looks right', at: ago(6_900) }),
      promotion(6, { from: 1, to: 2, at: ago(15_900) }),
    ],
    problems: [
      {
        path: 'models/churn/model.yaml',
        message: 'line 9, column 5: unknown key `canary`; the last valid policy goes on.',
      },
    ],
    why: {
      sentence:
        'churn v4 was rejected: golden sample 7 of 24, `score` is 0.31, expected 0.94 ± 0.01. Push a corrected v5.',
      command: null,
    },
  }
}

type EntryFacts = Omit<AuditEntryView, 'seq' | 'hash' | 'reason'> & { readonly reason?: string | null }

/** The log of the story, oldest first, with many quiet entries before it so that a page is filled. */
export function firstEntries(): readonly EntryFacts[] {
  const quiet = Array.from(
    { length: 118 },
    (_, index): EntryFacts => ({
      at: ago(27_000 - index * 5),
      actor: 'controller',
      action: 'synced',
      model: null,
      version: null,
      sentence: `The repository was read at ${digestOf(`sync ${index}`).slice(0, 7)}.`,
    }),
  )
  const told = (
    minutes: number,
    actor: string,
    action: string,
    model: string,
    version: number,
    sentence: string,
    reason: string | null = null,
  ): EntryFacts => ({
    at: ago(minutes),
    actor,
    action,
    model,
    version,
    sentence,
    reason,
  })
  return [
    ...quiet,
    told(4_300, 'local:amara', 'approved', 'digits', 2, 'digits v2 was approved.', 'Flips look right'),
    told(4_299, 'controller', 'promoted', 'digits', 2, 'digits v2 is live; v1 stays warm.'),
    told(
      2_950,
      'local:amara',
      'rolledBack',
      'digits',
      1,
      'digits v2 was taken off; v1 answers.',
      'it confuses 3 and 8 on the new scanner',
    ),
    told(190, 'controller', 'version.rejected', 'churn', 4, 'churn v4 was rejected: golden sample 7 of 24.'),
    told(41, 'Mara Lindqvist', 'version.discovered', 'iris', 2, 'iris v2 was pushed in 84e7307.'),
    told(40, 'controller', 'rollout.started', 'iris', 2, 'The rollout of iris v2 began.'),
    told(5, 'Chen Yu', 'version.discovered', 'digits', 3, 'digits v3 was pushed in fcda82b.'),
    told(
      2,
      'controller',
      'rollout.verdict',
      'iris',
      2,
      'iris v2 passed after 702 pairs and waits for approval.',
    ),
  ]
}
