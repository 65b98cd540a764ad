interface Replayed {
  readonly requestId: string
  isClosed: boolean
}

/**
 * Which replayed requests are counted: those that are settled or lost, and before which no other is open. It goes along with a ledger that
 * counts in order of admission.
 */
export class ReplayOrder {
  #requests: Replayed[] = []

  /** Takes the next place for these; the function that it returns closes it. */
  admit(requestIds: readonly string[]): () => void {
    const admitted = requestIds.map((requestId) => ({ requestId, isClosed: false }))
    this.#requests.push(...admitted)
    return () => {
      for (const request of admitted) request.isClosed = true
    }
  }

  /** Those that count, in order, and are not stored as replayed. */
  counted(): readonly string[] {
    const open = this.#requests.findIndex(({ isClosed }) => !isClosed)
    return this.#requests.slice(0, open < 0 ? undefined : open).map(({ requestId }) => requestId)
  }

  /** All that are under way, or counted and not stored. */
  all(): readonly string[] {
    return this.#requests.map(({ requestId }) => requestId)
  }

  /** These, which {@link ReplayOrder.counted} has told, are stored. */
  stored(requestIds: readonly string[]): void {
    const stored = new Set(requestIds)
    this.#requests = this.#requests.filter(({ requestId }) => !stored.has(requestId))
  }
}
