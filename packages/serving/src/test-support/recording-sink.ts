import type { MirrorPlan } from '@understudy/core'
import type { MirrorSink, Pair, RunTicket } from '../mirror-sink.ts'

export interface RecordedRun {
  readonly mirror: MirrorPlan
  readonly requestIds: readonly string[]
  readonly settled: (readonly Pair[])[]
  lost: number
}

/** Remembers every ticket and how often each of its methods was called. */
export class RecordingSink implements MirrorSink {
  readonly runs: RecordedRun[] = []

  admit(mirror: MirrorPlan, requestIds: readonly string[]): RunTicket {
    const run: RecordedRun = { mirror, requestIds, settled: [], lost: 0 }
    this.runs.push(run)
    return {
      settle: (pairs) => run.settled.push(pairs),
      lose: () => {
        run.lost += 1
      },
    }
  }

  /** How each ticket ended: `open` when it did not, `broken` when more than once. */
  outcomes(): readonly ('open' | 'settled' | 'lost' | 'broken')[] {
    return this.runs.map(({ settled, lost }) => {
      if (settled.length + lost > 1) return 'broken'
      return settled.length === 1 ? 'settled' : lost === 1 ? 'lost' : 'open'
    })
  }

  pairs(): readonly Pair[] {
    return this.runs.flatMap((run) => run.settled.flat())
  }
}
