import type { PendingRequest } from './pending-request.ts'

interface Group {
  readonly requests: Set<PendingRequest>
  rows: number
}

export interface BatchLimits {
  /** Rows of one batch. A single request with more rows runs alone. */
  readonly maxBatchSize: number
  /** False: every request is a batch of its own. */
  readonly stackable: boolean
}

/** Requests that wait, grouped by what may run together; groups take turns. */
export class BatchQueue {
  readonly #limits: BatchLimits
  readonly #groups = new Map<string, Group>()
  #size = 0

  constructor(limits: BatchLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#size
  }

  push(pending: PendingRequest): void {
    const key = keyOf(pending)
    const group = this.#groups.get(key) ?? { requests: new Set(), rows: 0 }
    this.#groups.set(key, group)
    group.requests.add(pending)
    group.rows += pending.rows
    this.#size += 1
  }

  /** Takes a request out; false when it is not waiting any more. */
  remove(pending: PendingRequest): boolean {
    const key = keyOf(pending)
    const group = this.#groups.get(key)
    if (group === undefined || !group.requests.delete(pending)) return false
    group.rows -= pending.rows
    this.#size -= 1
    if (group.requests.size === 0) this.#groups.delete(key)
    return true
  }

  /** Whether some batch cannot grow any more. */
  hasFull(): boolean {
    return this.#fullKey() !== undefined
  }

  /** Longest wait among the requests, for the delay window. */
  oldestAtMs(): number | undefined {
    let oldest: number | undefined
    for (const group of this.#groups.values()) {
      for (const { enqueuedAtMs } of group.requests) {
        oldest = oldest === undefined ? enqueuedAtMs : Math.min(oldest, enqueuedAtMs)
        break
      }
    }
    return oldest
  }

  /** The next batch: a full one where there is one, else of the group whose turn it is. */
  take(): readonly PendingRequest[] {
    const key = this.#fullKey() ?? this.#groups.keys().next().value
    const group = key === undefined ? undefined : this.#groups.get(key)
    if (key === undefined || group === undefined) return []
    const batch: PendingRequest[] = []
    let rows = 0
    for (const pending of group.requests) {
      if (batch.length > 0 && (!this.#limits.stackable || rows + pending.rows > this.#limits.maxBatchSize))
        break
      batch.push(pending)
      rows += pending.rows
    }
    for (const pending of batch) this.remove(pending)
    if (this.#groups.delete(key) && group.requests.size > 0) this.#groups.set(key, group)
    return batch
  }

  #fullKey(): string | undefined {
    for (const [key, group] of this.#groups) {
      if (!this.#limits.stackable || group.rows >= this.#limits.maxBatchSize) return key
    }
    return undefined
  }
}

/** Live and explicit requests never share a batch: only whole batches are mirrored. */
function keyOf({ request }: PendingRequest): string {
  return request.live ? `l${request.shapeKey}` : `p${request.shapeKey}`
}
