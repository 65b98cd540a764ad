import type { DriftReason } from '@understudy/core'
import type { TipVersion, WishInput } from '../wish/wish.ts'

/** The version that the drift is about: what the environment file names, unless that is live; else the newest. */
function subjectOf({ tip, plan, pointer }: WishInput): TipVersion | undefined {
  if (pointer !== null && pointer.live !== plan.live?.number) {
    return tip.find(({ number }) => number === pointer.live)
  }
  return tip.toSorted((left, right) => right.number - left.number)[0]
}

/** Whether what a reason claims of the version that Git asks for is true of the facts. */
export function isTrueDrift(reason: DriftReason, input: WishInput): boolean {
  const { tip, standings, plan, pointer, rollout, held, stalled, trigger } = input
  const subject = subjectOf(input)
  const standing = standings.get(subject?.digest ?? '')
  const running = rollout?.candidate.number === subject?.number && rollout?.kind !== 'rehearsal'
  switch (reason) {
    case 'withdrawn':
      return standing === 'withdrawn'
    case 'rejected':
      return subject?.state === 'rejected'
    case 'validating':
      return subject?.state === 'validating'
    case 'rolloutFailed':
      return standing === 'failed' && !running
    case 'heldByOperator':
      return held
    case 'nodeLagging':
      return running && rollout?.pauseReason === 'nodesLagging'
    case 'rolloutRunning':
      return rollout !== null
    case 'repositoryStalled':
      return stalled
    case 'manual':
      return trigger === 'manual' && pointer === null && !running
    case 'pinned':
      return pointer?.settled === true && !(running && pointer.live !== plan.live?.number)
    case 'deletedInGit':
      return pointer !== null && subject === undefined
        ? true
        : plan.live !== null && !tip.some(({ number }) => number === plan.live?.number)
  }
}
