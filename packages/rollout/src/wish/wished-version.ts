import type { Standing } from '@understudy/core'
import { isUnwanted, pointedVersion } from './pointed-version.ts'
import { isRequested, isTriable, standingOf } from './triable.ts'
import type { TipVersion, VersionRef, WishInput } from './wish.ts'

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
 * The version that shall be tried. Null when the wish is what is live. A rehearsal asks for nothing.
 *
 * It is the one that a pointer entry starts; else, of the triable ones that a person asked for, that the open rollout tries already, or
 * that the trigger allows where no entry stands, the highest.
 */
export function wishedVersion(input: WishInput): TipVersion | null {
  return pointedVersion(input) ?? highestWished(input)
}

function highestWished(input: WishInput): TipVersion | null {
  const stands = input.rollout?.kind !== 'rehearsal' && !isUnwanted(input)
  const running = stands ? input.rollout?.candidate : undefined
  const triggers = input.trigger === 'push' && input.pointer === null
  let wished: TipVersion | null = null
  for (const version of input.tip) {
    if (!isTriable(input, version) || version.number < (wished?.number ?? 0)) continue
    const open = version.number === running?.number && version.digest === running.digest
    const byTrigger = triggers && standingOf(input, version.digest) !== 'failed'
    if (open || byTrigger || isRequested(input, version)) wished = version
  }
  return wished
}
