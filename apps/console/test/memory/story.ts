import type { AuditEntryView, ModelView, PromotionView } from '@understudy/api/views'
import { ago, commitOf, digestOf, ref, versionOf, warm } from './story-parts.ts'
import { digitsRollout, IRIS_COMMIT, irisRollout } from './story-rollouts.ts'

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
    pointer: null,
    labels: [],
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
    drift: {
      reason: 'heldByOperator',
      detail: 'Git asks for v3; local:amara holds v1.',
      since: ago(2_950),
    },
    hold: {
      actor: 'local:amara',
      reason: 'v2 confuses 3 and 8 on the new scanner',
      since: ago(2_950),
      expiresAt: null,
    },
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
      command: 'npx --no-install understudy predict digits --golden --rate 50 --for 60s',
    },
    signature: {
      inputs: ['image: float32[-1, 1, 8, 8]'],
      outputs: ['label: int64[-1]', 'scores: float32[-1, 10]', 'certainty: float32[-1]'],
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
