import { assessApprovals } from '../rollouts/assess-approvals.ts'
import type { RolloutFacts, RolloutRecord } from '../rollouts/rollout-facts.ts'
import { phaseOf, type RolloutPhase } from '../rollouts/rollout-position.ts'
import { commandText, WHY } from './commands.ts'
import { describeApprovalNeed } from './describe-approval-need.ts'
import { describeCanary, describeEvidence, describeUndecidedCanary, liveName } from './describe-evidence.ts'
import { expiredHold, holderOf } from './describe-hold.ts'
import { formatDuration, formatVersion, joinWords } from './format.ts'
import type { ModelSituation } from './model-situation.ts'

type Rollout = NonNullable<ModelSituation['rollout']>

/** Says what an open rollout waits for and what to do. */
export function describeOpenRollout(
  situation: ModelSituation,
  rollout: Rollout,
  facts: RolloutFacts,
): string {
  return SENTENCES[phaseOf(rollout.position)]({ situation, rollout, facts })
}

interface Told {
  readonly situation: ModelSituation
  readonly rollout: Rollout
  readonly facts: RolloutFacts
}

type Sentence = (told: Told) => string

const ended: Sentence = ({ rollout }) => `${who(rollout)}: ${rollout.detail}.`

const SENTENCES = {
  preparing: describePreparing,
  shadow: ({ situation, rollout, facts }) =>
    `${who(rollout)} is in its ${rollout.kind === 'rehearsal' ? 'rehearsal, after which it does not go live' : 'shadow'}${holdNote(situation)}. ${describeEvidence(rollout, facts)}`,
  canary: ({ situation, rollout, facts }) =>
    `${who(rollout)} is in its canary${holdNote(situation)}: ${describeCanary(rollout, facts)} To end it: ${command(rollout, 'abort', WHY)}.`,
  promoting: describePromoting,
  bake: ({ situation, rollout, facts }) =>
    `${who(rollout)} is live and in its bake: ${liveName(rollout)} judges it for another ${formatDuration(rollout.sinceMs + facts.policy.bake - facts.nowMs)} and comes back by itself if it is worse.${triedNext(situation, rollout)} To take it off: ${command(rollout, 'rollback', WHY)}.`,
  pausedApproval: ({ situation, rollout, facts }) =>
    `${who(rollout)} passed its shadow and waits for your approval${need(rollout, facts)}: ${command(rollout, 'approve')}, or ${command(rollout, 'reject', WHY)}.${holdEnds(situation)}`,
  pausedInconclusive: ({ rollout, facts }) =>
    `${who(rollout)} is paused. ${undecided(rollout, facts)} Collect more: ${command(rollout, 'retry')}, or ${command(rollout, 'reject', WHY)}. To let it go live without a verdict: ${promoteNow(rollout)}.`,
  pausedNoData: ({ rollout, facts }) =>
    `${who(rollout)} is paused. ${describeEvidence(rollout, facts)}, then ${command(rollout, 'retry')}. To let it go live without a verdict: ${promoteNow(rollout)}.`,
  pausedHeld: ({ situation, rollout, facts }) =>
    `${who(rollout)} is ready, but ${holderOf(situation)}. Approve it to end the hold and promote it${need(rollout, facts)}: ${command(rollout, 'approve')}.${expiredHold(situation)}`,
  pausedFrozen: ({ rollout, facts }) =>
    `${who(rollout)} may go live, but a freeze window holds promotions back until ${until(facts)}. It goes on by itself; a rollback is never held back.`,
  pausedNodesLagging: ({ rollout, facts }) =>
    `${who(rollout)} may go live, but ${nodesBehind(facts)} ${verb(facts)} behind. It goes on by itself when they catch up; stop a node that cannot.`,
  pausedByUser: ({ rollout }) =>
    `${who(rollout)} is paused: ${rollout.detail}.${meanwhile(rollout)} Let it go on: ${command(rollout, 'resume')}, or ${command(rollout, 'abort', WHY)}.`,
  succeeded: ended,
  failed: ended,
  aborted: ended,
} as const satisfies Record<RolloutPhase, Sentence>

function describePreparing({ rollout, facts: { nodes } }: Told): string {
  if (nodes.length === 0) {
    return `${who(rollout)} waits for a serving node: none has joined. Start one.`
  }
  const behind = nodes.filter((node) => node.state !== 'available').map((node) => node.node)
  const where = behind.length > 0 ? ` on ${joinWords(behind)}` : ''
  return `${who(rollout)} is being loaded and warmed${where}. Nothing to do.`
}

function describePromoting({ rollout, facts }: Told): string {
  const { release } = facts
  const others = release?.waitingFor ?? []
  if (release === null || others.length === 0 || behindOf(facts).length > 0) {
    return `${who(rollout)} is being promoted and waits for ${nodesBehind(facts)}. Nothing to do.`
  }
  return `${who(rollout)} is ready and goes live together with the release ${release.name}, which waits for ${joinWords(others)}: ${others.map((model) => command({ model }, 'why')).join(', ')}.`
}

/** In canary the analysis may stand at its pass: the pause says what is missing. */
function undecided(rollout: Rollout, facts: RolloutFacts): string {
  if (rollout.position.step !== 'canary') return describeEvidence(rollout, facts)
  return describeUndecidedCanary(rollout, facts)
}

function promoteNow(rollout: Rollout): string {
  return command(rollout, 'promote', `${rollout.candidate.number} --now ${WHY}`)
}

/** A canary that a person pauses gives its share back. */
function meanwhile(rollout: Rollout): string {
  return rollout.position.weightIndex === null ? '' : ` Meanwhile ${liveName(rollout)} answers every request.`
}

/** What waits for the end of a bake. */
function triedNext({ newest }: ModelSituation, { candidate }: Rollout): string {
  return newest !== null && newest.number > candidate.number
    ? ` ${formatVersion(newest.number)} waits for its end.`
    : ''
}

function need(rollout: Rollout, facts: RolloutFacts): string {
  return describeApprovalNeed(assessApprovals(rollout, facts))
}

function until({ frozenUntilMs }: RolloutFacts): string {
  return frozenUntilMs === null
    ? 'its end'
    : `${new Date(frozenUntilMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

function who({ model, candidate }: RolloutRecord): string {
  return `${model} ${formatVersion(candidate.number)}`
}

function command({ model }: { readonly model: string }, verb: string, more?: string): string {
  return commandText(verb, model, more)
}

function holdNote({ hold }: ModelSituation): string {
  return hold === null ? '' : `, under the hold of ${hold.actor}`
}

function holdEnds(situation: ModelSituation): string {
  const { hold } = situation
  if (hold === null) return ''
  return ` Its promotion ends the hold of ${hold.actor} (${hold.reason}).${expiredHold(situation)}`
}

function behindOf({ nodes }: RolloutFacts): readonly string[] {
  return nodes.filter((node) => node.state !== 'available').map((node) => node.node)
}

function nodesBehind(facts: RolloutFacts): string {
  const behind = behindOf(facts)
  return behind.length === 0 ? 'the nodes' : joinWords(behind)
}

function verb(facts: RolloutFacts): string {
  return behindOf(facts).length === 1 ? 'is' : 'are'
}
