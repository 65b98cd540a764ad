import type { Standing } from '@understudy/core'
import type { RolloutPosition } from './rollout-position.ts'

/**
 * What becomes of the candidate's digest when its rollout ends; null leaves its standing as it is.
 *
 * @param answeredClients the candidate has answered clients in this rollout: then failing it, or a person's abort, withdraws it.
 */
export function standingAfter(position: RolloutPosition, answeredClients: boolean): Standing | null {
  switch (position.state) {
    case 'succeeded':
      return 'proven'
    case 'failed':
      return answeredClients ? 'withdrawn' : 'failed'
    case 'aborted':
      if (position.reason === 'byUser') return answeredClients ? 'withdrawn' : 'failed'
      return position.reason === 'deadline' ? 'failed' : null
    default:
      return null
  }
}
