import type { Standing } from '@understudy/core'
import type { VersionRef } from '../wish/wish.ts'

/** A move of `live`. */
interface Moved {
  readonly from: VersionRef | null
  readonly to: VersionRef
  readonly rollback: boolean
}

interface Standings {
  standingOf(digest: string): Standing
}

/** What was live and what may come back, as the record remembers it. */
export class ServedVersions {
  live: VersionRef | null = null
  previous: VersionRef | null = null
  readonly #moves: Moved[] = []

  promote(candidate: VersionRef, standings: Standings): void {
    const from = this.live
    this.#moves.push({ from, to: candidate, rollback: false })
    // The same bytes under a new number are nothing to go back from.
    if (from?.digest !== candidate.digest) {
      this.previous = from !== null && standings.standingOf(from.digest) !== 'withdrawn' ? from : null
    }
    this.live = candidate
  }

  restore(to: VersionRef, standings: Standings): void {
    this.#moves.push({ from: this.live, to, rollback: true })
    this.live = to
    this.previous = this.#precededBy(to, standings)
  }

  /** The version that preceded a restored one, if it may still answer. */
  #precededBy(restored: VersionRef, standings: Standings): VersionRef | null {
    const seen = new Set<number>()
    let at: VersionRef | null = restored
    while (at !== null && !seen.has(at.number)) {
      seen.add(at.number)
      const number: number = at.number
      const earlier: VersionRef | null =
        this.#moves.findLast((move) => move.to.number === number && !move.rollback)?.from ?? null
      if (earlier === null) return null
      if (earlier.digest !== restored.digest) {
        return standings.standingOf(earlier.digest) === 'withdrawn' ? null : earlier
      }
      at = earlier
    }
    return null
  }
}
