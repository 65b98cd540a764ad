import type { Standing } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import type { Analysis } from '../analysis/analysis.ts'
import { planAnalysis } from '../analysis/analysis-plan.ts'
import { assessAnalysis } from '../analysis/assess-analysis.ts'
import {
  approvalOf,
  CANARY_POLICY,
  facts,
  HOLD as HELD,
  NOW,
  node,
  PLAIN_POLICY,
  POSITIONS,
  type PositionName,
  policy,
  record,
} from '../rollouts/rollout.fixture.ts'
import type { RolloutFacts } from '../rollouts/rollout-facts.ts'
import { phaseOf, type RolloutPosition } from '../rollouts/rollout-position.ts'
import type { Drift } from '../wish/wish.ts'
import { describeModel } from './describe-model.ts'
import type { ModelSituation } from './model-situation.ts'

const ONE = { number: 1, digest: 'aaaaaaaa-one' }
const TWO = { number: 2, digest: 'bbbbbbbb-two', state: 'validated', reason: null } as const
const HOLD = { actor: 'local:ada', reason: 'v2 was odd', expiresAtMs: null }
const EXPIRED = { ...HOLD, expiresAtMs: NOW - 7_200_000 }

function evidence(pairs: number, elapsedMs = 60_000, step = 'shadow'): Analysis {
  const row = {
    source: 'live',
    step,
    gate: 'errors',
    property: 'failed',
    segment: '',
    nPlus: 0,
    nZero: pairs,
    nMinus: 0,
  }
  const plan = planAnalysis(step === 'shadow' ? PLAIN_POLICY : CANARY_POLICY, {}, 1)
  const seen = { histograms: [], losses: [], minutes: [], breach: null, passed: false }
  return assessAnalysis(plan, { ...seen, counters: [row], elapsedMs })
}

function newest(standing: Standing = 'untried', changes: Partial<ModelSituation['newest'] & object> = {}) {
  return { ...TWO, standing, ...changes }
}

function rollout(
  position: RolloutPosition | PositionName,
  detail = '',
  changes: object = {},
): NonNullable<ModelSituation['rollout']> {
  return { ...record(position, { candidate: TWO, baseline: ONE, ...changes }), detail }
}

function pin(live: number): NonNullable<ModelSituation['pointer']> {
  return { live, file: 'environments/production.yaml', changedAtMs: NOW, settled: true }
}

function drift(reason: Drift['reason']): Drift {
  return { reason, detail: '' }
}

/** What is told, with the facts of the open rollout that differ from those of the fixture. */
type Told = Partial<Omit<ModelSituation, 'facts'>> & { readonly given?: Partial<RolloutFacts> }

function say({ given, ...told }: Told): string {
  return describeModel({
    model: 'iris',
    nowMs: NOW,
    live: ONE,
    newest: newest(),
    drift: null,
    hold: null,
    pointer: null,
    rollout: null,
    facts: facts({ analysis: null, ...given }),
    ...told,
  })
}

const failed = (reason: 'errors' | 'load' | 'rejected', detail: string) =>
  rollout({ state: 'failed', step: 'shadow', weightIndex: null, reason }, detail)
const approvalBy = (actor: string) =>
  approvalOf(actor, { candidateDigest: TWO.digest, baselineDigest: ONE.digest })

const TRAFFIC = '`npx --no-install understudy predict iris --golden --rate 50 --for 60s`'
const cli = (rest: string) => `\`npx --no-install understudy ${rest}\``
const INSIST = cli('promote iris 2 --now --reason "why"')

const SENTENCES: Readonly<Record<string, readonly [Told, string]>> = {
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
  'a pinned version that is live': [
    { drift: drift('pinned'), pointer: pin(1) },
    'iris v2 waits: environments/production.yaml pins v1, which is live. Change the entry, or take it out, to let newer versions be tried.',
  ],
  'a pinned version that a person overtook': [
    { live: { ...ONE, number: 3 }, drift: drift('pinned'), pointer: pin(2) },
    'environments/production.yaml asks for v2 of iris, and another was made live after that. v3 goes on. Change the entry to what shall be live; taken out and put in again, it is carried out anew.',
  ],
  'a pinned version that is not in Git': [
    { newest: null, drift: drift('deletedInGit'), pointer: pin(7) },
    'environments/production.yaml asks for v7 of iris, which is not in Git. v1 goes on. Push that number, or change the entry.',
  ],
  'a pinned version that is the newest': [
    { live: TWO, pointer: pin(2) },
    'iris v2 is live and the newest version in Git, and what environments/production.yaml asks for. Nothing to do.',
  ],
  'a stalled repository': [
    { drift: drift('repositoryStalled') },
    'iris v2 waits: the history of the repository was rewritten. Push the old history back, or acknowledge the new one. v1 goes on.',
  ],
  'an expired hold': [
    { drift: drift('heldByOperator'), hold: EXPIRED },
    `iris v2 waits: local:ada holds what is live (v2 was odd). It is tried next, and its approval ends the hold. v1 goes on. The hold expired 2 h ago and stands until someone ends it: ${cli('hold iris --release')}.`,
  ],
  'an expired hold on the newest': [
    { live: TWO, hold: EXPIRED },
    `iris v2 is live and the newest version in Git. The hold expired 2 h ago and stands until someone ends it: ${cli('hold iris --release')}.`,
  ],
  loading: [
    {
      rollout: rollout('preparing'),
      given: { nodes: [node('available'), node('pending', { node: 'serving-b' })] },
    },
    'iris v2 is being loaded and warmed on serving-b. Nothing to do.',
  ],
  'loaded everywhere': [
    { rollout: rollout('preparing') },
    'iris v2 is being loaded and warmed. Nothing to do.',
  ],
  'no node': [
    { rollout: rollout('preparing'), given: { nodes: [] } },
    'iris v2 waits for a serving node: none has joined. Start one.',
  ],
  'a shadow before its first pair': [
    { rollout: rollout('shadow') },
    'iris v2 is in its shadow. Collecting: no pairs yet.',
  ],
  'a shadow that nobody feeds': [
    { rollout: rollout('shadow'), given: { analysis: evidence(0) } },
    `iris v2 is in its shadow. Collecting. No pairs yet of 500, nobody calls iris. Drive traffic: ${TRAFFIC}`,
  ],
  'a shadow that collects': [
    { rollout: rollout('shadow'), given: { analysis: evidence(212) } },
    'iris v2 is in its shadow. Collecting. Errors: 212 pairs, decides at about 522 if this goes on.',
  ],
  'a shadow under a hold': [
    { rollout: rollout('shadow', '', { baseline: null }), given: { analysis: evidence(12) }, hold: HOLD },
    'iris v2 is in its shadow, under the hold of local:ada. Collecting. Errors: 12 pairs, too early to say.',
  ],
  'a rehearsal': [
    { rollout: rollout('shadow', '', { kind: 'rehearsal' }), given: { analysis: evidence(212) } },
    'iris v2 is in its rehearsal, after which it does not go live. Collecting. Errors: 212 pairs, decides at about 522 if this goes on.',
  ],
  'a version that needs approval': [
    { rollout: rollout('approval') },
    `iris v2 passed its shadow and waits for your approval: ${cli('approve iris')}, or ${cli('reject iris --reason "why"')}.`,
  ],
  'an approval that ends a hold': [
    { rollout: rollout('approval'), hold: HOLD },
    `iris v2 passed its shadow and waits for your approval: ${cli('approve iris')}, or ${cli('reject iris --reason "why"')}. Its promotion ends the hold of local:ada (v2 was odd).`,
  ],
  'one approval of two': [
    {
      rollout: rollout('approval'),
      given: { policy: policy('{approval: {required: 2}}'), approvals: [approvalBy('bo')] },
    },
    `iris v2 passed its shadow and waits for your approval (approvals: 1 of 2, by bo): ${cli('approve iris')}, or ${cli('reject iris --reason "why"')}.`,
  ],
  'an approval of a group': [
    {
      rollout: rollout('approval'),
      given: {
        policy: policy('{approval: {groups: [{name: risk, members: [cy]}]}}'),
        approvals: [approvalBy('bo')],
      },
    },
    `iris v2 passed its shadow and waits for your approval (approvals: 1 of 1, by bo; of risk 1 more): ${cli('approve iris')}, or ${cli('reject iris --reason "why"')}.`,
  ],
  'an approval of who pushed it': [
    {
      rollout: rollout('approval'),
      given: {
        policy: policy('{approval: {selfApprove: false}}'),
        approvals: [approvalBy('bo')],
        pusher: 'bo',
      },
    },
    `iris v2 passed its shadow and waits for your approval (that of bo, who pushed it, does not count): ${cli('approve iris')}, or ${cli('reject iris --reason "why"')}.`,
  ],
  'a version that nobody is proved to have pushed': [
    { rollout: rollout('approval'), given: { policy: policy('{approval: {selfApprove: false}}') } },
    `iris v2 passed its shadow and waits for your approval (approvals: 0 of 2; nobody is proved to have pushed it, so it takes two): ${cli('approve iris')}, or ${cli('reject iris --reason "why"')}.`,
  ],
  'an inconclusive shadow': [
    { rollout: rollout('inconclusive'), given: { analysis: evidence(312, 21_600_000) } },
    `iris v2 is paused. Inconclusive: errors not decided after 312 pairs in 6 h. The evidence so far is below; you decide. Collect more: ${cli('retry iris')}, or ${cli('reject iris --reason "why"')}. To let it go live without a verdict: ${INSIST}.`,
  ],
  'an inconclusive canary': [
    {
      rollout: rollout('inconclusiveCanary'),
      given: { policy: CANARY_POLICY, analysis: evidence(12, 0, 'canary-5'), nowMs: NOW + 300_000 },
    },
    `iris v2 is paused. Its canary at 5 % was not decided in its time: it lacks 188 pairs more without harm (12 so far). Until you decide, v1 answers every request. Collect more: ${cli('retry iris')}, or ${cli('reject iris --reason "why"')}. To let it go live without a verdict: ${INSIST}.`,
  ],
  'a shadow without data': [
    { rollout: rollout('noData'), given: { analysis: evidence(0, 21_600_000) } },
    `iris v2 is paused. No data: 0 of 500 pairs in 6 h, nobody calls iris. Drive traffic: ${TRAFFIC}, then ${cli('retry iris')}. To let it go live without a verdict: ${INSIST}.`,
  ],
  'a held version': [
    { rollout: rollout('held'), given: HELD, hold: HOLD },
    `iris v2 is ready, but local:ada holds what is live (v2 was odd). Approve it to end the hold and promote it: ${cli('approve iris')}.`,
  ],
  'a canary': [
    {
      rollout: rollout('canary'),
      given: { policy: CANARY_POLICY, analysis: evidence(150, 0, 'canary-5'), nowMs: NOW + 60_000 },
    },
    `iris v2 is in its canary: v2 answers 5 % of requests. The next weight, 25 %, comes after 50 pairs more without harm (150 so far) and 4 min. To end it: ${cli('abort iris --reason "why"')}.`,
  ],
  'the last weight of a canary, under a hold': [
    {
      rollout: rollout('lastCanary'),
      given: { policy: CANARY_POLICY, analysis: evidence(200, 0, 'canary-25'), nowMs: NOW + 60_000 },
      hold: HOLD,
    },
    `iris v2 is in its canary, under the hold of local:ada: v2 answers 25 % of requests. It goes live after 4 min. To end it: ${cli('abort iris --reason "why"')}.`,
  ],
  'a promotion': [
    { rollout: rollout('promoting'), given: { nodes: [node('pending')] } },
    'iris v2 is being promoted and waits for serving-a. Nothing to do.',
  ],
  'a promotion with a release': [
    { rollout: rollout('promoting'), given: { release: { name: 'spring', waitingFor: ['rose', 'tulip'] } } },
    `iris v2 is ready and goes live together with the release spring, which waits for rose and tulip: ${cli('why rose')}, ${cli('why tulip')}.`,
  ],
  'one lagging node': [
    {
      rollout: rollout('nodesLagging'),
      given: { nodes: [node('pending'), node('available', { node: 'serving-b' })] },
    },
    'iris v2 may go live, but serving-a is behind. It goes on by itself when they catch up; stop a node that cannot.',
  ],
  'nodes that lagged': [
    { rollout: rollout('nodesLagging'), given: { nodes: [] } },
    'iris v2 may go live, but the nodes are behind. It goes on by itself when they catch up; stop a node that cannot.',
  ],
  'a freeze window': [
    { rollout: rollout('frozen'), given: { frozenUntilMs: Date.UTC(2026, 10, 30, 6) } },
    'iris v2 may go live, but a freeze window holds promotions back until 2026-11-30 06:00 UTC. It goes on by itself; a rollback is never held back.',
  ],
  'a freeze window that is over': [
    { rollout: rollout('frozen') },
    'iris v2 may go live, but a freeze window holds promotions back until its end. It goes on by itself; a rollback is never held back.',
  ],
  'a rollout that a person paused': [
    { rollout: rollout('pausedCanary', 'local:ada paused it: lunch') },
    `iris v2 is paused: local:ada paused it: lunch. Meanwhile v1 answers every request. Let it go on: ${cli('resume iris')}, or ${cli('abort iris --reason "why"')}.`,
  ],
  'a bake': [
    { live: TWO, rollout: rollout('bake'), given: { live: TWO, previous: ONE, policy: CANARY_POLICY } },
    `iris v2 is live and in its bake: v1 judges it for another 10 min and comes back by itself if it is worse. To take it off: ${cli('rollback iris --reason "why"')}.`,
  ],
  'a bake that a newer version waits for': [
    {
      live: TWO,
      newest: newest('untried', { number: 3, digest: 'cccccccc-three' }),
      rollout: rollout('bake'),
      given: { live: TWO, previous: ONE, policy: CANARY_POLICY, nowMs: NOW + 60_000 },
    },
    `iris v2 is live and in its bake: v1 judges it for another 9 min and comes back by itself if it is worse. v3 waits for its end. To take it off: ${cli('rollback iris --reason "why"')}.`,
  ],
}

describe('describeModel', () => {
  it.each(Object.entries(SENTENCES))(
    'says of %s what it waits for and what to do',
    (_, [situation, sentence]) => {
      expect(say(situation)).toBe(sentence)
    },
  )

  it('has a sentence for every state that a rollout may be open in', () => {
    const told = new Set(
      Object.values(SENTENCES).map(([{ rollout }]) => rollout && phaseOf(rollout.position)),
    )
    for (const position of Object.values(POSITIONS)) expect(told).toContain(phaseOf(position))
  })

  it('speaks of an ended rollout no more once the newest version is live', () => {
    const succeeded = rollout(
      { state: 'succeeded', step: 'promoting', weightIndex: null, reason: null },
      'v2 is live',
    )
    expect(say({ live: TWO, rollout: succeeded })).toBe(
      'iris v2 is live and the newest version in Git. Nothing to do.',
    )
  })
})
