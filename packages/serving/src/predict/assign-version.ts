export interface Assignment {
  /** Of the requests that the candidate answers, 0 to 1. */
  readonly share: number
  /** Another rollout assigns anew. */
  readonly rolloutId: string
  /** Requests with the same key are answered by the same version. */
  readonly key: string
}

/**
 * Which version of a pair answers: always the same one for a key and a rollout while the share stays, and a larger share only moves keys to
 * the candidate. Pure.
 */
export function assignVersion({ share, rolloutId, key }: Assignment): 'baseline' | 'candidate' {
  if (share >= 1) return 'candidate'
  return hashedShare(`${rolloutId}\n${key}`) < share ? 'candidate' : 'baseline'
}

/** A number in [0, 1) that looks uniform over texts: FNV-1a, and the mixing steps of MurmurHash3 since short texts differ in few bits. */
function hashedShare(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000
}
