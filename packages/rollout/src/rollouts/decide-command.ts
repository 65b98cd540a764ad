import { formatVersion } from '../text/format.ts'
import { COMMAND_RULES } from './command-rules.ts'
import type { CommandDecision, CommandSituation, RolloutCommand, SeenRollout } from './rollout-command.ts'
import type { RolloutRecord } from './rollout-facts.ts'
import { phaseOf } from './rollout-position.ts'

const REASON_LENGTH_MIN = 3
const REASON_LENGTH_MAX = 500

/** Says whether a person's command is accepted, was carried out already, or is refused and why. Changes nothing itself. */
export function decideCommand(command: RolloutCommand, situation: CommandSituation): CommandDecision {
  const { rollout } = situation
  if (command.seen && !matches(command.seen, rollout)) {
    const message = `Nothing was done: the rollout of ${rollout.model} changed since you looked.`
    return { type: 'refused', code: 'rollout.stale_decision', message }
  }
  const decision = COMMAND_RULES[command.type]({
    ...situation,
    phase: phaseOf(rollout.position),
    candidate: formatVersion(rollout.candidate.number),
    fresh: command.fresh === true,
  })
  if (decision.type !== 'accepted' || isReason(command.reason) || !needsReason(command)) return decision
  const message = `Say why: give a reason of ${REASON_LENGTH_MIN} to ${REASON_LENGTH_MAX} characters.`
  return { type: 'refused', code: 'rollout.reason_required', message }
}

function needsReason({ type, fresh }: RolloutCommand): boolean {
  return (
    type === 'reject' || type === 'abort' || type === 'promoteNow' || (type === 'retry' && fresh === true)
  )
}

function matches(seen: SeenRollout, { candidate, baseline, policyHash }: RolloutRecord): boolean {
  return (
    seen.candidateDigest === candidate.digest &&
    seen.baselineDigest === (baseline?.digest ?? null) &&
    seen.policyHash === policyHash
  )
}

function isReason(text: string): boolean {
  const { length } = text.trim()
  return length >= REASON_LENGTH_MIN && length <= REASON_LENGTH_MAX
}
