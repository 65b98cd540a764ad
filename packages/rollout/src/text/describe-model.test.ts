import type { Standing } from '@understudy/core'
import { parseModelConfig } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import type { Analysis } from '../analysis/analysis.ts'
import { planAnalysis } from '../analysis/analysis-plan.ts'
import { assessAnalysis } from '../analysis/assess-analysis.ts'
import type { NodeReport } from '../rollouts/rollout-facts.ts'
import type { RolloutPosition } from '../rollouts/rollout-position.ts'
import type { Drift } from '../wish/wish.ts'
import { describeModel } from './describe-model.ts'
import type { ModelSituation } from './model-situation.ts'

const ONE = { number: 1, digest: 'aaaaaaaa-one' }
const TWO = { number: 2, digest: 'bbbbbbbb-two', state: 'validated', reason: null } as const
const HOLD = { actor: 'local:ada', reason: 'v2 was odd' }
const PLAN = planAnalysis(parseModelConfig('').rollout, {}, 1)

function evidence(pairs: number, elapsedMs = 60_000): Analysis {
  const row = {
    source: 'live',
    step: 'shadow',
    gate: 'errors',
    property: 'failed',
    nPlus: 0,
    nZero: pairs,
    nMinus: 0,
  }
  return assessAnalysis(PLAN, { counters: [row], losses: [], breach: null, elapsedMs, passed: false })
}

function newest(standing: Standing = 'untried', changes: Partial<ModelSituation['newest'] & object> = {}) {
  return { ...TWO, standing, ...changes }
}

function rollout(
  position: RolloutPosition,
  detail = '',
  changes: object = {},
): NonNullable<ModelSituation['rollout']> {
  return {
    model: 'iris',
    kind: 'evidence',
    position,
    sinceMs: 0,
    candidate: TWO,
    baseline: ONE,
    policyHash: 'p',
    detail,
    ...changes,
  }
}

function drift(reason: Drift['reason']): Drift {
  return { reason, detail: '' }
}

function say(changes: Partial<ModelSituation>): string {
  return describeModel({
    model: 'iris',
    live: ONE,
    newest: newest(),
    drift: null,
    hold: null,
    rollout: null,
    analysis: null,
    nodes: [],
    ...changes,
  })
}

const paused = (
  step: 'shadow' | 'approval' | 'promoting',
  reason: 'approval' | 'inconclusive' | 'noData' | 'held' | 'nodesLagging',
) => rollout({ state: 'paused', step, reason })
const progressing = (step: 'preparing' | 'shadow' | 'promoting', changes = {}) =>
  rollout({ state: 'progressing', step, reason: null }, '', changes)
const failed = (reason: 'errors' | 'load' | 'rejected', detail: string) =>
  rollout({ state: 'failed', step: 'shadow', reason }, detail)
const node = (name: string, state: NodeReport['state']): NodeReport => ({
  node: name,
  joinedAtMs: 0,
  state,
  detail: null,
})

const TRAFFIC = '`npx --no-install understudy predict iris --golden --rate 50 --for 30s`'
const cli = (rest: string) => `\`npx --no-install understudy ${rest}\``

const SENTENCES: Readonly<Record<string, readonly [Partial<ModelSituation>, string]>> = {
  'in sync': [{ live: TWO }, 'iris v2 is live and the newest version in Git. Nothing to do.'],
  'no version at all': [
    { live: null, newest: null },
    `iris has no version in Git. Push one: ${cli('push model.onnx --model iris')}.`,
  ],
  'a withdrawn newest': [
    { newest: newest('withdrawn'), drift: drift('withdrawn'), hold: HOLD },
    `iris v2 is withdrawn and cannot go live; iris v1 is live. Push a better version, or lift it: ${cli('lift iris bbbbbbbb --reason "why"')}.`,
  ],
  'a rejected newest': [
    {
      newest: newest('untried', {
        state: 'rejected',
        reason: 'golden sample 7 of 24: `score` is 0.31, expected 0.94 ± 0.01',
      }),
      drift: drift('rejected'),
    },
    'iris v2 was rejected: golden sample 7 of 24: `score` is 0.31, expected 0.94 ± 0.01. v1 goes on. Push the next number.',
  ],
  'a first version that was rejected': [
    { live: null, newest: newest('untried', { state: 'rejected' }), drift: drift('rejected') },
    'iris v2 was rejected: no reason recorded. No version is live. Push the next number.',
  ],
  'a version in validation': [
    { newest: newest('untried', { state: 'validating' }), drift: drift('validating') },
    'iris v2 is being validated. v1 goes on. Nothing to do.',
  ],
  'a version that failed by evidence': [
    {
      newest: newest('failed'),
      drift: drift('rolloutFailed'),
      rollout: failed('errors', 'v2 failed the gate errors'),
    },
    'iris v2 did not pass: v2 failed the gate errors. v1 goes on. Push a better version.',
  ],
  'a version that did not load': [
    {
      newest: newest('failed'),
      drift: drift('rolloutFailed'),
      rollout: failed('load', 'v2 does not load on a: out of memory'),
    },
    `iris v2 did not pass: v2 does not load on a: out of memory. v1 goes on. Push a better version, or try it again: ${cli('retry iris')}.`,
  ],
  'bytes that failed under another number': [
    {
      newest: newest('failed'),
      drift: drift('rolloutFailed'),
      rollout: { ...failed('errors', 'x'), candidate: ONE },
    },
    `iris v2 did not pass: its digest was tried before and failed. v1 goes on. Push a better version, or try it again: ${cli('retry iris')}.`,
  ],
  'a hold': [
    { drift: drift('heldByOperator'), hold: HOLD },
    'iris v2 waits: local:ada holds what is live (v2 was odd). It is tried next, and its approval ends the hold. v1 goes on.',
  ],
  'a hold without its record': [
    { drift: drift('heldByOperator') },
    'iris v2 waits: an operator holds what is live. It is tried next, and its approval ends the hold. v1 goes on.',
  ],
  'a manual trigger': [
    { drift: drift('manual') },
    'iris v2 is validated and waits for a person to start it, as its policy says: `npx --no-install understudy promote iris 2`. v1 goes on.',
  ],
  'a rollout about to begin': [
    { drift: drift('rolloutRunning') },
    'iris v2 is validated and its rollout begins. v1 goes on. Nothing to do.',
  ],
  'lagging nodes without an open rollout': [
    { drift: drift('nodeLagging') },
    'iris v2 waits for nodes that lag. v1 goes on.',
  ],
  'a deleted live version': [
    { newest: null, drift: drift('deletedInGit') },
    'iris v1 is live but is no longer in Git; deleting a version never takes it off. Push a version to replace it.',
  ],
  'a stalled repository': [
    { drift: drift('repositoryStalled') },
    'iris v2 waits: the history of the repository was rewritten. Push the old history back, or acknowledge the new one. v1 goes on.',
  ],
  loading: [
    {
      rollout: progressing('preparing'),
      nodes: [node('serving-a', 'available'), node('serving-b', 'pending')],
    },
    'iris v2 is being loaded and warmed on serving-b. Nothing to do.',
  ],
  'loaded everywhere': [
    { rollout: progressing('preparing'), nodes: [node('serving-a', 'available')] },
    'iris v2 is being loaded and warmed. Nothing to do.',
  ],
  'no node': [
    { rollout: progressing('preparing') },
    'iris v2 waits for a serving node: none has joined. Start one.',
  ],
  'a shadow before its first pair': [
    { rollout: progressing('shadow') },
    'iris v2 is in its shadow. Collecting: no pairs yet.',
  ],
  'a shadow that nobody feeds': [
    { rollout: progressing('shadow'), analysis: evidence(0) },
    `iris v2 is in its shadow. Collecting. No pairs yet of 500, nobody calls iris. Drive traffic: ${TRAFFIC}`,
  ],
  'a shadow that collects': [
    { rollout: progressing('shadow'), analysis: evidence(212) },
    'iris v2 is in its shadow. Collecting. Errors: 212 pairs, decides at about 522 if this goes on.',
  ],
  'a shadow under a hold': [
    { rollout: progressing('shadow', { baseline: null }), analysis: evidence(12), hold: HOLD },
    'iris v2 is in its shadow, under the hold of local:ada. Collecting. Errors: 12 pairs, too early to say.',
  ],
  'a version that needs approval': [
    { rollout: paused('approval', 'approval') },
    `iris v2 passed its shadow and waits for your approval: ${cli('approve iris')}, or ${cli('reject iris --reason "why"')}.`,
  ],
  'an approval that ends a hold': [
    { rollout: paused('approval', 'approval'), hold: HOLD },
    `iris v2 passed its shadow and waits for your approval: ${cli('approve iris')}, or ${cli('reject iris --reason "why"')}. Its promotion ends the hold of local:ada (v2 was odd).`,
  ],
  'an inconclusive shadow': [
    { rollout: paused('shadow', 'inconclusive'), analysis: evidence(312, 21_600_000) },
    `iris v2 is paused. Inconclusive: errors not decided after 312 pairs in 6 h. The evidence so far is below; you decide. Collect more: ${cli('retry iris')}, or ${cli('reject iris --reason "why"')}.`,
  ],
  'a shadow without data': [
    { rollout: paused('shadow', 'noData'), analysis: evidence(0, 21_600_000) },
    `iris v2 is paused. No data: 0 of 500 pairs in 6 h, nobody calls iris. Drive traffic: ${TRAFFIC}, then ${cli('retry iris')}.`,
  ],
  'a held version': [
    { rollout: paused('approval', 'held'), hold: HOLD },
    `iris v2 is ready, but local:ada holds what is live (v2 was odd). Approve it to end the hold and promote it: ${cli('approve iris')}.`,
  ],
  'a promotion': [
    { rollout: progressing('promoting'), nodes: [node('serving-a', 'pending')] },
    'iris v2 is being promoted and waits for serving-a. Nothing to do.',
  ],
  'one lagging node': [
    {
      rollout: paused('promoting', 'nodesLagging'),
      nodes: [node('serving-a', 'pending'), node('serving-b', 'available')],
    },
    'iris v2 may go live, but serving-a is behind. It goes on by itself when they catch up; stop a node that cannot.',
  ],
  'nodes that lagged': [
    { rollout: paused('promoting', 'nodesLagging'), nodes: [] },
    'iris v2 may go live, but the nodes are behind. It goes on by itself when they catch up; stop a node that cannot.',
  ],
}

describe('describeModel', () => {
  it.each(Object.entries(SENTENCES))(
    'says of %s what it waits for and what to do',
    (_, [situation, sentence]) => {
      expect(say(situation)).toBe(sentence)
    },
  )

  it('speaks of an ended rollout no more once the newest version is live', () => {
    const succeeded = rollout({ state: 'succeeded', step: 'promoting', reason: null }, 'v2 is live')
    expect(say({ live: TWO, rollout: succeeded })).toBe(
      'iris v2 is live and the newest version in Git. Nothing to do.',
    )
  })
})
