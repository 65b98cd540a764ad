import { isPointedAt, isRequested, standingOf } from './triable.ts'
import type { TipVersion, WishInput } from './wish.ts'

/**
 * The version that a pointer entry starts, of any number: validated, not withdrawn, and not failed unless a person asked for it. Null when
 * the entry was carried out or overtaken, is true already, or names what may not be tried.
 */
export function pointedVersion(input: WishInput): TipVersion | null {
  const { tip, plan, rollout } = input
  const version = tip.find((one) => isPointedAt(input, one))
  if (version === undefined || version.state !== 'validated' || version.number === plan.live?.number)
    return null
  const standing = standingOf(input, version.digest)
  if (standing === 'withdrawn') return null
  const tried = rollout?.kind !== 'rehearsal' && rollout?.candidate.number === version.number
  return standing !== 'failed' || tried || isRequested(input, version) ? version : null
}

/**
 * Whether the open rollout leads where Git no longer wants to go: it began before the entry that asks for another version, or it needed an
 * entry that is gone (to go below live, or without evidence). What a person began under the entry stands.
 */
export function isUnwanted(input: WishInput): boolean {
  const { rollout, pointer, plan } = input
  if (rollout === null || rollout.kind === 'rehearsal' || isPointedAt(input, rollout.candidate)) return false
  const { candidate, startedAtMs, kind } = rollout
  if (pointer !== null && pointer.live !== candidate.number && startedAtMs <= pointer.changedAtMs) return true
  if (candidate.number < (plan.live?.number ?? 0)) return true
  return kind === 'returning' && candidate.digest !== plan.live?.digest
}
