import type { BatchLoad } from '../predict/batch-router.ts'

/** What a node has to do at the moment when a batch may be sampled. */
export interface SampleLoad extends BatchLoad {
  /** Mirrored runs of the model that have not ended. */
  readonly backlog: number
  /** Their inputs together. */
  readonly backlogBytes: number
}

export interface SampleLimits {
  /** Runs of one model between admission and settlement. */
  readonly runsMax: number
  /** Their inputs together. */
  readonly inputBytesMax: number
}

/**
 * The chance with which a batch runs on both versions: the share that the plan asks for, less where the node has enough to do, none where
 * it has too much. From load alone, so that what is sampled says nothing about what either version will do. Pure.
 */
export function decideSample(sample: number, load: SampleLoad, limits: SampleLimits): number {
  if (load.queued * 2 > load.queueMax) return 0
  if (load.backlog >= limits.runsMax || load.backlogBytes >= limits.inputBytesMax) return 0
  return sample
}
