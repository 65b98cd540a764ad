import type { Standing } from '@understudy/core'
import type { TipVersion, VersionRef, WishInput } from './wish.ts'

/** What became of a digest of the model. */
export function standingOf(input: WishInput, digest: string): Standing {
  return input.standings.get(digest) ?? 'untried'
}

/** Whether a pointer entry that is still to be carried out names this version. */
export function isPointedAt({ pointer }: Pick<WishInput, 'pointer'>, { number }: VersionRef): boolean {
  return pointer !== null && !pointer.settled && pointer.live === number
}

/** Whether a version may be tried at all: validated, not withdrawn, and newer than live unless the environment file asks for it. */
export function isTriable(input: WishInput, version: TipVersion): boolean {
  const live = input.plan.live?.number ?? 0
  const mayFollow = version.number > live || (version.number < live && isPointedAt(input, version))
  return mayFollow && version.state === 'validated' && standingOf(input, version.digest) !== 'withdrawn'
}

/** Whether a person asked for this version, by a start by hand or a retry, and may have it. */
export function isRequested(input: WishInput, version: TipVersion): boolean {
  const { requested } = input
  return requested?.number === version.number && !requested.rehearsal && isTriable(input, version)
}
