import type { PendingRequest } from './pending-request.ts'

/** What may run together, in the order of arrival. */
interface Group {
  readonly key: string
  readonly requests: PendingRequest[]
  rows: number
}

export interface BatchLimits {
  /** Rows of one batch. A single request with more rows runs alone. */
  readonly maxBatchSize: number
  /** False: every request is a batch of its own. */
  readonly stackable: boolean
}

/**
 * Requests that wait, grouped by what may run together; groups take turns.
 *
 * Lists and not maps, for the reason that {@link SlotList} gives; there are as many groups as different shapes wait at once.
 */
export class BatchQueue {
  readonly #limits: BatchLimits
  /** The one whose turn it is comes first. None is empty. */
  readonly #groups: Group[] = []
  #size = 0

  constructor(limits: BatchLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#size
  }

  push(pending: PendingRequest): void {
    pending.isQueued = true
    const group = this.#find(pending.batchKey)
    if (group === undefined) {
      this.#groups.push({ key: pending.batchKey, requests: [pending], rows: pending.rows })
    } else {
      group.requests.push(pending)
      group.rows += pending.rows
    }
    this.#size += 1
  }

  /** Takes a request out; false when it is not waiting any more, as most that are answered. */
  remove(pending: PendingRequest): boolean {
    if (!pending.isQueued) return false
    pending.isQueued = false
    const group = this.#find(pending.batchKey)
    const at = group?.requests.indexOf(pending) ?? -1
    if (group === undefined || at === -1) return false
    group.requests.splice(at, 1)
    group.rows -= pending.rows
    this.#size -= 1
    if (group.requests.length === 0) this.#groups.splice(this.#groups.indexOf(group), 1)
    return true
  }

  /** Whether some batch cannot grow any more. */
  hasFull(): boolean {
    return this.#fullAt() !== -1
  }

  /** When the request came that waits longest, for the delay window. */
  oldestAtMs(): number | undefined {
    let oldest: number | undefined
    for (const { requests } of this.#groups) {
      const at = requests[0]?.enqueuedAtMs ?? Number.POSITIVE_INFINITY
      oldest = oldest === undefined ? at : Math.min(oldest, at)
    }
    return oldest
  }

  /** The next batch: a full one where there is one, else of the group whose turn it is. */
  take(): readonly PendingRequest[] {
    const [group] = this.#groups.splice(Math.max(0, this.#fullAt()), 1)
    if (group === undefined) return []
    const { requests } = group
    const batch = requests.splice(0, this.#fitting(requests))
    for (const pending of batch) {
      pending.isQueued = false
      group.rows -= pending.rows
    }
    this.#size -= batch.length
    if (requests.length > 0) this.#groups.push(group)
    return batch
  }

  /** How many from the first on make up one batch. A request with more rows than a batch may have is one alone. */
  #fitting(requests: readonly PendingRequest[]): number {
    if (!this.#limits.stackable) return 1
    let rows = 0
    for (let count = 0; count < requests.length; count += 1) {
      rows += requests[count]?.rows ?? 0
      if (rows > this.#limits.maxBatchSize) return Math.max(1, count)
    }
    return requests.length
  }

  #find(key: string): Group | undefined {
    for (const group of this.#groups) if (group.key === key) return group
    return undefined
  }

  #fullAt(): number {
    const { stackable, maxBatchSize } = this.#limits
    return this.#groups.findIndex((group) => !stackable || group.rows >= maxBatchSize)
  }
}
