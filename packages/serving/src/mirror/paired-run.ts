import { type NamedTensors, PlatformError } from '@understudy/core'
import type { Pair, PairAnswer, PairedRun } from '../mirror-sink.ts'
import type { VersionRun } from './version-answers.ts'

/** One request of a batch that is mirrored. */
export interface MirrorableRequest {
  readonly requestId: string
  readonly rows: number
  readonly inputs: NamedTensors
}

export interface BothRuns {
  readonly requests: readonly MirrorableRequest[]
  readonly inputs: NamedTensors
  readonly baseline: VersionRun
  readonly candidate: VersionRun
}

/** What both versions made of a batch, request by request. */
export function pairedRun({ requests, inputs, baseline, candidate }: BothRuns): PairedRun {
  const pairs: readonly Pair[] = requests.map((request, index) => ({
    requestId: request.requestId,
    rows: request.rows,
    inputs: request.inputs,
    baseline: answerAt(baseline, index, request),
    candidate: answerAt(candidate, index, request),
  }))
  return { pairs, inputs, candidateRunMs: candidate.runMs }
}

function answerAt({ answers }: VersionRun, index: number, { requestId }: MirrorableRequest): PairAnswer {
  return (
    answers[index] ?? {
      error: new PlatformError('platform.unexpected', `Request ${requestId} got no answer.`),
    }
  )
}
