import type { BatchLoad } from '../predict/batch-router.ts'

/** What a node has to do at the moment when a batch may be sampled. */
export interface SampleLoad extends BatchLoad {
  /** Mirrored runs of the model that have not ended. */
  readonly backlog: number
  /** Their inputs together. */
  readonly backlogBytes: number
  /** Runs that the pace of the model allows at this moment. */
  readonly allowance: number
}

export interface SampleLimits {
  /** Runs of one model between admission and settlement. */
  readonly runsMax: number
  /** Their inputs together. */
  readonly inputBytesMax: number
  /** Runs of all models of an idle node together, in the long run; those that take long count as several. */
  readonly runsPerSecond: number
}

/** Requests that have waited for so long are late by any measure: the loop or the version has more to do than it can. */
const LATE_MS = 100
/** Below this part of any limit nothing is shed. */
const CALM = 0.25
/** While another batch runs already. */
const BESIDE_ANOTHER = 0.75

/**
 * The chance with which a batch runs on both versions: the share that the plan asks for, less the more the node has to do, and none where it is
 * late or the queue is half full. From load alone, so that what is sampled says nothing about what either version will do. Pure.
 */
export function decideSample(sample: number, load: SampleLoad, limits: SampleLimits): number {
  if (load.allowance < 1 || load.backlogBytes >= limits.inputBytesMax) return 0
  const busy = Math.max(
    load.waitedMs / LATE_MS,
    load.queueMax === 0 ? 0 : (2 * load.queued) / load.queueMax,
    load.backlog / limits.runsMax,
  )
  const left = Math.min(1, Math.max(0, (1 - busy) / (1 - CALM)))
  return sample * left * (load.inFlight > 0 ? BESIDE_ANOTHER : 1)
}
