import type { Standing } from '@understudy/core'
import type { TipVersion, VersionRef, WishInput } from './wish.ts'

/** What became of a digest of the model. */
export function standingOf(input: WishInput, digest: string): Standing {
  return input.standings.get(digest) ?? 'untried'
}

/** Whether a version may be tried at all: validated, newer than live, not withdrawn. */
function isTriable(input: WishInput, version: TipVersion): boolean {
  return (
    version.state === 'validated' &&
    version.number > (input.plan.live?.number ?? 0) &&
    standingOf(input, version.digest) !== 'withdrawn'
  )
}

/** Whether a person asked for this version, by a start by hand or a retry, and may have it. */
export function isRequested(input: WishInput, version: TipVersion): boolean {
  const { requested } = input
  return requested?.number === version.number && !requested.rehearsal && isTriable(input, version)
}

/** Whether a version may be rehearsed: any validated one that is not withdrawn, older ones too, against live with other bytes. */
export function isRehearsable({
  version,
  standing,
  live,
}: {
  readonly version: TipVersion
  readonly standing: Standing
  readonly live: VersionRef | null
}): boolean {
  return (
    version.state === 'validated' &&
    standing !== 'withdrawn' &&
    live !== null &&
    live.digest !== version.digest
  )
}

/** The version that a person asked to be rehearsed; null when there is none, or it may not be. */
export function requestedRehearsal(input: WishInput): TipVersion | null {
  const { requested, tip, plan } = input
  if (!requested?.rehearsal) return null
  const version = tip.find(({ number }) => number === requested.number)
  if (version === undefined) return null
  const standing = standingOf(input, version.digest)
  return isRehearsable({ version, standing, live: plan.live }) ? version : null
}

/**
 * The version that shall be tried: of the triable ones that the trigger allows, that a person asked for, or that the open rollout
 * tries already, the highest. Null when the wish is what is live. A rehearsal asks for nothing.
 */
export function wishedVersion(input: WishInput): TipVersion | null {
  const running = input.rollout?.kind === 'rehearsal' ? undefined : input.rollout?.candidate
  let wished: TipVersion | null = null
  for (const version of input.tip) {
    if (!isTriable(input, version) || version.number < (wished?.number ?? 0)) continue
    const open = version.number === running?.number && version.digest === running.digest
    const byTrigger = input.trigger === 'push' && standingOf(input, version.digest) !== 'failed'
    if (open || byTrigger || isRequested(input, version)) wished = version
  }
  return wished
}
