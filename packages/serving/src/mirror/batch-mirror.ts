import type { NamedTensors } from '@understudy/core'
import type { PairAnswer } from '../mirror-sink.ts'
import type { ServableId } from '../servable.ts'

/** One request of a batch that may be mirrored. */
interface MirrorableRequest {
  readonly requestId: string
  readonly rows: number
  readonly inputs: NamedTensors
}

/** A batch of live traffic that is about to run. */
export interface MirrorableBatch {
  readonly id: ServableId
  readonly requests: readonly MirrorableRequest[]
  /** All inputs stacked, as the version gets them. */
  readonly inputs: NamedTensors
  /** The live queue is long: mirroring would cost live answers. */
  readonly liveBusy: boolean
}

/** A batch that was sampled. */
export interface MirroredRun {
  /** Called after the live answers have been handed out; returns at once. */
  baselineAnswered(answers: readonly PairAnswer[]): void
}

/** Throws the coin for one batch, before it runs. Synchronous and never throws; undefined: not sampled. */
export interface BatchMirror {
  admit(batch: MirrorableBatch): MirroredRun | undefined
}
