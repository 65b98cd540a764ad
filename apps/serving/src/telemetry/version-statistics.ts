import type { StageTimes } from '@understudy/core'

/** How often, and how long all together. */
export interface CountedTime {
  readonly count: number
  readonly ns: number
}

/** What was run of one size of batch. */
export interface BatchStatistics {
  readonly batchSize: number
  readonly computeInput: CountedTime
  readonly computeInfer: CountedTime
  readonly computeOutput: CountedTime
}

/** What happened with one version since the node began to count, in the terms of the Open Inference Protocol's statistics. */
export interface VersionStatistics {
  readonly model: string
  readonly version: number
  /** Milliseconds since the epoch; 0 before the first. */
  readonly lastInferenceMs: number
  /** Rows that were answered. */
  readonly inferenceCount: number
  /** Batches that were run. */
  readonly executionCount: number
  /** Requests from their arrival to their written answer. */
  readonly success: CountedTime
  readonly fail: CountedTime
  /** Stages of successful requests: waiting, bytes to tensors in the executor, the model, tensors to bytes. */
  readonly queue: CountedTime
  readonly computeInput: CountedTime
  readonly computeInfer: CountedTime
  readonly computeOutput: CountedTime
  /** By size, smallest first. */
  readonly batches: readonly BatchStatistics[]
}

const NS_PER_MS = 1_000_000
/** Further sizes of batches are counted in the totals only. */
const BATCH_SIZES_MAX = 128

/** Places in the slab: sums of milliseconds and counts. */
const SUCCESS = 0
const SUCCESS_MS = 1
const FAIL = 2
const FAIL_MS = 3
const QUEUE_MS = 4
const INPUT_MS = 5
const INFER_MS = 6
const OUTPUT_MS = 7
const ROWS = 8
const BATCHES = 9
const LAST_MS = 10
const SLAB_LENGTH = 11

/** Counters of one version: a few additions for each request, and no allocation. */
export class VersionCounters {
  readonly #slab = new Float64Array(SLAB_LENGTH)
  /** Batches and their milliseconds, by rows. */
  readonly #batches = new Map<number, Float64Array>()

  succeeded(tookMs: number, times: StageTimes, endedAtMs: number): void {
    this.#add(SUCCESS, 1)
    this.#add(SUCCESS_MS, tookMs)
    this.#add(QUEUE_MS, times.queueMs)
    // The way to the executor and back counts as input: it is where tensors are copied.
    this.#add(INPUT_MS, times.decodeMs + Math.max(0, times.batchMs - times.runMs))
    this.#add(INFER_MS, times.runMs)
    this.#add(OUTPUT_MS, times.encodeMs)
    this.#slab[LAST_MS] = endedAtMs
  }

  failed(tookMs: number): void {
    this.#add(FAIL, 1)
    this.#add(FAIL_MS, tookMs)
  }

  /** @param answered rows of those requests that the version did not fail */
  ran(rows: number, answered: number, tookMs: number): void {
    this.#add(ROWS, answered)
    this.#add(BATCHES, 1)
    let batch = this.#batches.get(rows)
    if (batch === undefined) {
      if (this.#batches.size >= BATCH_SIZES_MAX) return
      batch = new Float64Array(2)
      this.#batches.set(rows, batch)
    }
    batch[0] = (batch[0] ?? 0) + 1
    batch[1] = (batch[1] ?? 0) + tookMs
  }

  read(model: string, version: number): VersionStatistics {
    const success = this.#at(SUCCESS)
    return {
      ...{ model, version, lastInferenceMs: Math.floor(this.#at(LAST_MS)) },
      ...{ inferenceCount: this.#at(ROWS), executionCount: this.#at(BATCHES) },
      success: counted(success, this.#at(SUCCESS_MS)),
      fail: counted(this.#at(FAIL), this.#at(FAIL_MS)),
      queue: counted(success, this.#at(QUEUE_MS)),
      computeInput: counted(success, this.#at(INPUT_MS)),
      computeInfer: counted(success, this.#at(INFER_MS)),
      computeOutput: counted(success, this.#at(OUTPUT_MS)),
      batches: [...this.#batches].sort(([a], [b]) => a - b).map(([rows, batch]) => batchOf(rows, batch)),
    }
  }

  #add(place: number, amount: number): void {
    this.#slab[place] = (this.#slab[place] ?? 0) + amount
  }

  #at(place: number): number {
    return this.#slab[place] ?? 0
  }
}

function counted(count: number, ms: number): CountedTime {
  return { count, ns: Math.round(ms * NS_PER_MS) }
}

function batchOf(batchSize: number, [count = 0, ms = 0]: Float64Array): BatchStatistics {
  return {
    batchSize,
    computeInput: counted(count, 0),
    computeInfer: counted(count, ms),
    computeOutput: counted(count, 0),
  }
}
