import { describeAnalysis } from '../analysis/describe-analysis.ts'
import { phaseOf, type RolloutPhase } from '../rollouts/rollout-position.ts'
import { formatVersion, joinWords } from './format.ts'
import type { ModelSituation } from './model-situation.ts'

type Rollout = NonNullable<ModelSituation['rollout']>

/** Says what an open rollout waits for and what to do. */
export function describeOpenRollout(situation: ModelSituation, rollout: Rollout): string {
  return SENTENCES[phaseOf(rollout.position)](situation, rollout)
}

type Sentence = (situation: ModelSituation, rollout: Rollout) => string

const ended: Sentence = (_, rollout) => `${who(rollout)}: ${rollout.detail}.`

const SENTENCES = {
  preparing: describePreparing,
  shadow: (situation, rollout) =>
    `${who(rollout)} is in its shadow${holdNote(situation)}. ${evidence(situation, rollout)}`,
  pausedApproval: (situation, rollout) =>
    `${who(rollout)} passed its shadow and waits for your approval: ${command('approve', rollout)}, or ${command('reject', rollout, 'why')}.${holdEnds(situation)}`,
  pausedInconclusive: (situation, rollout) =>
    `${who(rollout)} is paused. ${evidence(situation, rollout)} Collect more: ${command('retry', rollout)}, or ${command('reject', rollout, 'why')}.`,
  pausedNoData: (situation, rollout) =>
    `${who(rollout)} is paused. ${evidence(situation, rollout)}, then ${command('retry', rollout)}.`,
  pausedHeld: (situation, rollout) =>
    `${who(rollout)} is ready, but ${holder(situation)}. Approve it to end the hold and promote it: ${command('approve', rollout)}.`,
  promoting: (situation, rollout) =>
    `${who(rollout)} is being promoted and waits for ${nodesBehind(situation)}. Nothing to do.`,
  pausedNodesLagging: (situation, rollout) =>
    `${who(rollout)} may go live, but ${nodesBehind(situation)} ${verb(situation)} behind. It goes on by itself when they catch up; stop a node that cannot.`,
  succeeded: ended,
  failed: ended,
  aborted: ended,
} as const satisfies Record<RolloutPhase, Sentence>

function describePreparing({ nodes }: ModelSituation, rollout: Rollout): string {
  if (nodes.length === 0) {
    return `${who(rollout)} waits for a serving node: none has joined. Start one.`
  }
  const behind = nodes.filter((node) => node.state !== 'available').map((node) => node.node)
  const where = behind.length > 0 ? ` on ${joinWords(behind)}` : ''
  return `${who(rollout)} is being loaded and warmed${where}. Nothing to do.`
}

function evidence({ analysis, model }: ModelSituation, { candidate, baseline }: Rollout): string {
  if (analysis === null) return 'Collecting: no pairs yet.'
  return describeAnalysis(analysis, {
    model,
    candidate: candidate.number,
    baseline: baseline?.number ?? null,
  })
}

function who({ model, candidate }: Rollout): string {
  return `${model} ${formatVersion(candidate.number)}`
}

function command(verb: string, { model }: Rollout, reason?: string): string {
  return `\`npx --no-install understudy ${verb} ${model}${reason === undefined ? '' : ` --reason "${reason}"`}\``
}

function holder({ hold }: ModelSituation): string {
  return hold === null
    ? 'an operator holds what is live'
    : `${hold.actor} holds what is live (${hold.reason})`
}

function holdNote({ hold }: ModelSituation): string {
  return hold === null ? '' : `, under the hold of ${hold.actor}`
}

function holdEnds({ hold }: ModelSituation): string {
  return hold === null ? '' : ` Its promotion ends the hold of ${hold.actor} (${hold.reason}).`
}

function behindOf({ nodes }: ModelSituation): readonly string[] {
  return nodes.filter((node) => node.state !== 'available').map((node) => node.node)
}

function nodesBehind(situation: ModelSituation): string {
  const behind = behindOf(situation)
  return behind.length === 0 ? 'the nodes' : joinWords(behind)
}

function verb(situation: ModelSituation): string {
  return behindOf(situation).length === 1 ? 'is' : 'are'
}
