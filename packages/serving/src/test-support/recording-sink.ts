import type { MirrorPlan } from '@understudy/core'
import type { AdmittedRequest, MirrorSink, Pair, PairedRun, PairSource, RunTicket } from '../mirror-sink.ts'

export interface RecordedRun {
  readonly mirror: MirrorPlan
  readonly requests: readonly AdmittedRequest[]
  readonly source: PairSource
  readonly settled: PairedRun[]
  lost: number
}

/** Remembers every ticket and how often each of its methods was called. */
export class RecordingSink implements MirrorSink {
  readonly runs: RecordedRun[] = []
  /** Live batches of models that collect evidence: whether each was sampled. */
  readonly batches: { readonly requests: number; readonly sampled: boolean }[] = []

  admit(mirror: MirrorPlan, requests: readonly AdmittedRequest[], source: PairSource): RunTicket {
    const run: RecordedRun = { mirror, requests, source, settled: [], lost: 0 }
    this.runs.push(run)
    return {
      settle: (paired) => run.settled.push(paired),
      lose: () => {
        run.lost += 1
      },
    }
  }

  passed(_mirror: MirrorPlan, requests: number, sampled: boolean): void {
    this.batches.push({ requests, sampled })
  }

  /** How each ticket ended: `open` when it did not, `broken` when more than once. */
  outcomes(): readonly ('open' | 'settled' | 'lost' | 'broken')[] {
    return this.runs.map(({ settled, lost }) => {
      if (settled.length + lost > 1) return 'broken'
      return settled.length === 1 ? 'settled' : lost === 1 ? 'lost' : 'open'
    })
  }

  paired(): readonly PairedRun[] {
    return this.runs.flatMap((run) => run.settled)
  }

  pairs(): readonly Pair[] {
    return this.paired().flatMap(({ pairs }) => pairs)
  }

  requestIds(): readonly (readonly string[])[] {
    return this.runs.map(({ requests }) => requests.map(({ requestId }) => requestId))
  }
}
