import type { DriftReason } from '@understudy/core'
import { formatVersion } from '../text/format.ts'
import { isRequested, standingOf } from './triable.ts'
import type { Drift, Pointer, TipVersion, WishInput } from './wish.ts'

/**
 * There is drift exactly when live is not the newest number at the tip, or not the one that the environment file names. The reason is
 * what keeps the one that Git asks for from being live, the hardest obstacle first, so that it is true by itself.
 */
export function decideDrift(input: WishInput): Drift | null {
  const { pointer, plan } = input
  if (pointer === null) return againstNewest(input)
  return plan.live?.number === pointer.live ? againstPinned(input, pointer) : againstPointer(input, pointer)
}

function againstNewest(input: WishInput): Drift | null {
  const { live } = input.plan
  const newest = newestOf(input.tip)
  if (newest === null) return live === null ? null : deletedInGit(live.number)
  if (newest.number === live?.number) return null
  if (live !== null && newest.number < live.number) return deletedInGit(live.number)
  const reason = reasonAgainst(input, newest)
  return { reason, detail: detailOf(input, reason, newest) }
}

/** What the entry names is live: whatever is newer waits until the entry changes. */
function againstPinned({ tip }: WishInput, { live, file }: Pointer): Drift | null {
  const newest = newestOf(tip)
  if (newest === null || !tip.some(({ number }) => number === live)) return deletedInGit(live)
  if (newest.number === live) return null
  const detail = `${formatVersion(newest.number)} is the newest in Git and waits: ${file} pins ${formatVersion(live)}, which is live`
  return { reason: 'pinned', detail }
}

function againstPointer(input: WishInput, { live, file }: Pointer): Drift {
  const named = input.tip.find(({ number }) => number === live)
  if (named === undefined) {
    const detail = `${formatVersion(live)} is what ${file} asks for and is not in Git; ${served(input)}`
    return { reason: 'deletedInGit', detail }
  }
  const reason = reasonAgainst(input, named)
  return { reason, detail: detailOf(input, reason, named) }
}

/** A drift with the moment since when Git and what is served differ. */
export interface DatedDrift extends Drift {
  readonly sinceMs: number
}

/** Keeps the age of a drift while it lasts, also when its reason changes. */
export function carryDrift(
  previous: Pick<DatedDrift, 'sinceMs'> | null,
  next: Drift | null,
  nowMs: number,
): DatedDrift | null {
  return next === null ? null : { ...next, sinceMs: previous?.sinceMs ?? nowMs }
}

function newestOf(tip: readonly TipVersion[]): TipVersion | null {
  let newest: TipVersion | null = null
  for (const version of tip) if (version.number > (newest?.number ?? 0)) newest = version
  return newest
}

function reasonAgainst(input: WishInput, newest: TipVersion): DriftReason {
  const { rollout, held, stalled, trigger, pointer } = input
  // A rehearsal does not bring its version nearer to being live.
  const running =
    rollout !== null && rollout.kind !== 'rehearsal' && rollout.candidate.number === newest.number
  const standing = standingOf(input, newest.digest)
  if (standing === 'withdrawn') return 'withdrawn'
  if (newest.state === 'rejected') return 'rejected'
  if (newest.state !== 'validated') return 'validating'
  const asked = running || isRequested(input, newest)
  if (standing === 'failed' && !asked) return 'rolloutFailed'
  // Approved under a hold, it waits for nodes only.
  if (running && rollout.pauseReason === 'nodesLagging') return 'nodeLagging'
  if (pointer?.settled && !asked) return 'pinned'
  if (held) return 'heldByOperator'
  if (running) return 'rolloutRunning'
  if (stalled) return 'repositoryStalled'
  return trigger === 'manual' && pointer === null && !asked ? 'manual' : 'rolloutRunning'
}

const OBSTACLES: Readonly<Record<DriftReason, string>> = {
  withdrawn: 'was withdrawn and cannot go live until it is lifted',
  rejected: 'was rejected',
  validating: 'is being validated',
  rolloutFailed: 'did not pass its rollout',
  heldByOperator: 'waits: an operator holds what is live',
  nodeLagging: 'waits for nodes that lag',
  rolloutRunning: 'is in rollout',
  repositoryStalled: 'waits: the history of the repository was rewritten',
  manual: 'waits for a person to start it',
  pinned: 'is not carried out again: what people decided since counts',
  deletedInGit: 'is no longer in Git',
}

function detailOf(input: WishInput, reason: DriftReason, newest: TipVersion): string {
  const because = reason === 'rejected' && newest.reason !== null ? `: ${newest.reason}` : ''
  const obstacle = reason === 'rolloutRunning' ? runningObstacle(input, newest) : OBSTACLES[reason]
  const what = input.pointer === null ? 'the newest in Git' : `what ${input.pointer.file} asks for`
  return `${formatVersion(newest.number)} is ${what} and ${obstacle}${because}; ${served(input)}`
}

function served({ plan: { live } }: WishInput): string {
  return live === null ? 'no version is live' : `${formatVersion(live.number)} is live`
}

/** The rollout that keeps the newest from being live may be that of another version. */
function runningObstacle({ rollout }: WishInput, newest: TipVersion): string {
  if (rollout === null) return 'is tried next'
  const open = formatVersion(rollout.candidate.number)
  if (rollout.kind === 'rehearsal') {
    return rollout.candidate.number === newest.number
      ? 'is rehearsed first'
      : `waits for the rehearsal of ${open}`
  }
  if (rollout.candidate.number === newest.number) return OBSTACLES.rolloutRunning
  return rollout.step === 'bake' ? `waits for the bake of ${open}` : `waits for the rollout of ${open}`
}

function deletedInGit(live: number): Drift {
  const detail = `${formatVersion(live)} is live and ${OBSTACLES.deletedInGit}`
  return { reason: 'deletedInGit', detail }
}
