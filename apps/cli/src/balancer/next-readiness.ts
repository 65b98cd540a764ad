/** Whether a node gets new connections. */
export interface Readiness {
  readonly ready: boolean
  /** Probes without any answer in a row. */
  readonly silences: number
}

/**
 * What was learnt of a node: it is `ready`; it is not and says so (`refused` too: nobody listens there); or it was `silent`, which one
 * busy moment explains.
 */
export type NodeSighting = 'ready' | 'notReady' | 'refused' | 'silent'

const SILENCES_MAX = 3

export const NOT_SEEN_YET: Readiness = { ready: false, silences: 0 }

/** A node that says that it drains is out at once, a silent one after three times; the first good answer brings it back. */
export function nextReadiness(before: Readiness, seen: NodeSighting): Readiness {
  switch (seen) {
    case 'ready':
      return { ready: true, silences: 0 }
    case 'notReady':
    case 'refused':
      return { ready: false, silences: 0 }
    case 'silent': {
      const silences = before.silences + 1
      return { ready: before.ready && silences < SILENCES_MAX, silences }
    }
  }
}
