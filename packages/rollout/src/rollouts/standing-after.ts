import type { RolloutKind, Standing } from '@understudy/core'
import { answeredClients, type RolloutPosition } from './rollout-position.ts'

/**
 * What becomes of the candidate's digest when its rollout ends; null leaves its standing as it is. A rehearsal leaves it always.
 *
 * Where the candidate has answered clients, failing it or a person's abort withdraws it. What failed in its bake and stays live, because
 * there is nothing to go back to, is not withdrawn.
 */
export function standingAfter(kind: RolloutKind, position: RolloutPosition): Standing | null {
  if (kind === 'rehearsal') return null
  const takenOff: Standing = answeredClients(position) ? 'withdrawn' : 'failed'
  switch (position.state) {
    case 'succeeded':
      return 'proven'
    case 'failed':
      return position.step === 'bake' && position.reason !== 'rolledBack' ? 'failed' : takenOff
    case 'aborted':
      if (position.reason === 'byUser') return takenOff
      return position.reason === 'deadline' ? 'failed' : null
    default:
      return null
  }
}
